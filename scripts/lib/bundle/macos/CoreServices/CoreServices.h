#include "../core_audio.h"
