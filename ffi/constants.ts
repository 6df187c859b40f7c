// The numbers of c/pastream.h. tests/api/symbols.test.ts compares them with the header.

export const PS_ABI_VERSION = 3;

export const PS_OK = 0;

export const PS_ERR_HANDLE = -1;
export const PS_ERR_ARGUMENT = -2;
export const PS_ERR_MEMORY = -3;
export const PS_ERR_THREAD = -4;
export const PS_ERR_ACTIVE = -5;
export const PS_ERR_BUSY = -6;
export const PS_ERR_STATE = -7;
export const PS_ERR_PENDING = -8;
export const PS_ERR_BUFFER_FULL = -9;
export const PS_ERR_BUFFER_EMPTY = -10;
export const PS_ERR_DEVICE_NOT_FOUND = -11;
export const PS_ERR_DEVICE_LOST = -12;
export const PS_ERR_PORTAUDIO = -13;
export const PS_ERR_SOUNDFILE = -14;
export const PS_ERR_NO_PORTAUDIO = -15;
export const PS_ERR_NO_SNDFILE = -16;
export const PS_ERR_XRUN = -17;
export const PS_ERR_STALLED = -18;
export const PS_ERR_UNSUPPORTED = -19;

export const PS_ERROR_CODE = 0;
export const PS_ERROR_HOST_CODE = 1;
export const PS_ERROR_HOST_API_TYPE = 2;
export const PS_ERROR_STATUS = 3;

export const PS_LIBRARY_PORTAUDIO = 0;
export const PS_LIBRARY_SNDFILE = 1;
export const PS_LIBRARY_VERSION = 0;
export const PS_LIBRARY_PATH = 1;
export const PS_ORIGIN_NAMED = 1;
export const PS_ORIGIN_SYSTEM = 2;
export const PS_ORIGIN_BUNDLE = 3;

export const PS_END_READER = 0;
export const PS_END_WRITER = 1;

export const PS_RING_SIZE = 0;
export const PS_RING_ELEMENT_SIZE = 1;
export const PS_RING_ENDED = 2;
export const PS_RING_ACTIVE = 3;

export const PS_DIRECTION_INPUT = 0;
export const PS_DIRECTION_OUTPUT = 1;
export const PS_DIRECTION_BOTH = 2;

export const PS_DEVICE_NONE = -1;
export const PS_DEVICE_DEFAULT = -2;
export const PS_DEVICE_VIRTUAL = -3;
export const PS_DEVICE_HOST_API = 0;
export const PS_DEVICE_MAX_INPUT_CHANNELS = 1;
export const PS_DEVICE_MAX_OUTPUT_CHANNELS = 2;
export const PS_DEVICE_DEFAULT_SAMPLE_RATE = 3;
export const PS_DEVICE_LOW_INPUT_LATENCY = 4;
export const PS_DEVICE_HIGH_INPUT_LATENCY = 5;
export const PS_DEVICE_LOW_OUTPUT_LATENCY = 6;
export const PS_DEVICE_HIGH_OUTPUT_LATENCY = 7;
export const PS_DEVICE_IS_DEFAULT_INPUT = 8;
export const PS_DEVICE_IS_DEFAULT_OUTPUT = 9;
export const PS_DEVICE_IS_LOOPBACK = 10;
export const PS_DEVICE_INFO_SIZE = 11;

export const PS_HOST_API_TYPE = 0;
export const PS_HOST_API_DEVICE_COUNT = 1;
export const PS_HOST_API_DEFAULT_INPUT = 2;
export const PS_HOST_API_DEFAULT_OUTPUT = 3;
export const PS_HOST_API_INFO_SIZE = 4;
export const PS_HOST_API_TYPE_VIRTUAL = 1000;

export const PS_FORMAT_FLOAT32 = 0;
export const PS_FORMAT_INT32 = 1;
export const PS_FORMAT_INT24 = 2;
export const PS_FORMAT_INT16 = 3;
export const PS_FORMAT_INT8 = 4;
export const PS_FORMAT_UINT8 = 5;
export const PS_FORMAT_FLOAT64 = 6;

export const PS_CONFIG_INPUT_DEVICE = 0;
export const PS_CONFIG_OUTPUT_DEVICE = 1;
export const PS_CONFIG_INPUT_CHANNELS = 2;
export const PS_CONFIG_OUTPUT_CHANNELS = 3;
export const PS_CONFIG_INPUT_FORMAT = 4;
export const PS_CONFIG_OUTPUT_FORMAT = 5;
export const PS_CONFIG_SAMPLE_RATE = 6;
export const PS_CONFIG_BLOCK_SIZE = 7;
export const PS_CONFIG_INPUT_LATENCY = 8;
export const PS_CONFIG_OUTPUT_LATENCY = 9;
export const PS_CONFIG_FLAGS = 10;
export const PS_CONFIG_VIRTUAL_CLOCK = 11;
export const PS_CONFIG_VIRTUAL_DELAY = 12;
export const PS_CONFIG_INPUT_HOST_SETTINGS = 13;
export const PS_CONFIG_OUTPUT_HOST_SETTINGS = 14;
export const PS_CONFIG_INPUT_HOST_FLAGS = 15;
export const PS_CONFIG_OUTPUT_HOST_FLAGS = 16;
export const PS_CONFIG_INPUT_CHANNEL_MAP = 17;
export const PS_CONFIG_OUTPUT_CHANNEL_MAP = 18;
export const PS_CONFIG_FAULTS = 19;
export const PS_CONFIG_METERS = 20;
export const PS_CONFIG_DEVICE_RATE = 21;
export const PS_CONFIG_CONVERSION = 22;
export const PS_CONFIG_VIRTUAL_RATES = 23;
export const PS_CONFIG_FOLLOW = 24;
export const PS_CONFIG_INPUT_VIRTUAL_DRIFT = 25;
export const PS_CONFIG_OUTPUT_VIRTUAL_DRIFT = 26;
export const PS_CONFIG_VIRTUAL_SIMULATED = 27;
export const PS_CONFIG_SIZE = 28;

export const PS_TEXT_APPLICATION = 0;
export const PS_TEXT_STREAM = 1;
export const PS_TEXT_ICON = 2;
export const PS_TEXT_ROLE = 3;
export const PS_TEXT_COUNT = 4;

export const PS_CONVERSION_AUTO = 0;
export const PS_CONVERSION_NEVER = 1;

export const PS_LATENCY_LOW = -1;
export const PS_LATENCY_HIGH = -2;

export const PS_CLOCK_REALTIME = 0;
export const PS_CLOCK_FREEWHEEL = 1;

export const PS_DELAY_BLOCK = -1;

export const PS_STREAM_CLIP_OFF = 1;
export const PS_STREAM_DITHER_OFF = 2;
export const PS_STREAM_NEVER_DROP_INPUT = 4;
export const PS_STREAM_PRIME_OUTPUT = 8;

export const PS_HOST_NONE = 0;
export const PS_HOST_ASIO = 1;
export const PS_HOST_WASAPI = 2;
export const PS_HOST_COREAUDIO = 3;

export const PS_WASAPI_EXCLUSIVE = 1;
export const PS_WASAPI_AUTO_CONVERT = 2;

export const PS_COREAUDIO_CHANGE_DEVICE = 1;
export const PS_COREAUDIO_FAIL_IF_CONVERSION = 2;

export const PS_FAULT_FRAME = 0;
export const PS_FAULT_KIND = 1;
export const PS_FAULT_FRAMES = 2;
export const PS_FAULT_SECONDS = 3;
export const PS_FAULT_SIZE = 4;
export const PS_FAULT_INPUT_OVERFLOW = 0;
export const PS_FAULT_OUTPUT_UNDERFLOW = 1;
export const PS_FAULT_STALL = 2;
export const PS_FAULT_DEVICE_LOST = 3;

export const PS_STATE_NEW = 0;
export const PS_STATE_IDLE = 1;
export const PS_STATE_STARTING = 2;
export const PS_STATE_ACTIVE = 3;
export const PS_STATE_ENDING = 4;
export const PS_STATE_COMPLETED = 5;
export const PS_STATE_STOPPED = 6;
export const PS_STATE_ABORTED = 7;
export const PS_STATE_CLOSED = 8;
export const PS_STATE_CLOSING = 9;

export const PS_COMMAND_OPEN = 1;
export const PS_COMMAND_START = 2;
export const PS_COMMAND_STOP = 3;
export const PS_COMMAND_ABORT = 4;
export const PS_COMMAND_CLOSE = 5;

export const PS_ENDPOINT_NONE = 0;
export const PS_ENDPOINT_RING = 1;
export const PS_ENDPOINT_FILE = 2;

export const PS_SOURCE_LOOP = 1;
export const PS_SOURCE_COMPLETE = 2;

export const PS_SINK_DROP = 1;
export const PS_SINK_MEMORY = 2;
export const PS_SINK_ENDS_RUN = 4;
export const PS_TAP_WAITING = 0;
export const PS_TAP_ACTIVE = 1;
export const PS_TAP_ENDED = 2;
export const PS_TAP_FULL = 3;
export const PS_TAP_FAILED = 4;
export const PS_TAP_REMOVED = 5;
export const PS_TAP_STATE = 0;
export const PS_TAP_FRAMES = 1;
export const PS_TAP_DROPPED = 2;
export const PS_TAP_FIRST = 3;
export const PS_TAP_USED = 4;
export const PS_TAP_NUMBERS = 5;

export const PS_FRAMES_ALL = -1;

export const PS_PAD_FOREVER = -1;

export const PS_RUN_FATAL_XRUNS = 1;

export const PS_NEXT_BLOCK = -1;

export const PS_NUMBER_FRAME_COUNT = 0;
export const PS_NUMBER_XRUNS = 1;
export const PS_NUMBER_INPUT_UNDERFLOWS = 2;
export const PS_NUMBER_INPUT_OVERFLOWS = 3;
export const PS_NUMBER_OUTPUT_UNDERFLOWS = 4;
export const PS_NUMBER_OUTPUT_OVERFLOWS = 5;
export const PS_NUMBER_SOURCE_UNDERFLOWS = 6;
export const PS_NUMBER_SINK_OVERFLOWS = 7;
export const PS_NUMBER_DROPPED_FRAMES = 8;
export const PS_NUMBER_STATUS = 9;
export const PS_NUMBER_TIME = 10;
export const PS_NUMBER_CPU_LOAD = 11;
export const PS_NUMBER_SOURCE_FRAMES = 12;
export const PS_NUMBER_RECORDED_FRAMES = 13;
export const PS_NUMBER_CALLBACKS = 14;
export const PS_NUMBER_GLITCHES = 15;
export const PS_NUMBER_TOTAL_FRAMES = 16;
export const PS_NUMBER_SINCE_CALLBACK = 17;
export const PS_NUMBER_BLOCK_FRAMES = 18;
export const PS_NUMBER_BLOCK_FRAME = 19;
export const PS_NUMBER_BLOCK_ADC_TIME = 20;
export const PS_NUMBER_BLOCK_DAC_TIME = 21;
export const PS_NUMBER_HEARD_FRAMES = 22;
export const PS_NUMBER_QUEUED_FRAMES = 23;
export const PS_NUMBER_CLEARED_FRAMES = 24;
export const PS_NUMBER_CLEARED_AT = 25;
export const PS_NUMBER_CLEARS = 26;
export const PS_NUMBER_COUNT = 27;

export const PS_ACTUAL_INPUT_DEVICE = 0;
export const PS_ACTUAL_OUTPUT_DEVICE = 1;
export const PS_ACTUAL_INPUT_CHANNELS = 2;
export const PS_ACTUAL_OUTPUT_CHANNELS = 3;
export const PS_ACTUAL_SAMPLE_RATE = 4;
export const PS_ACTUAL_BLOCK_SIZE = 5;
export const PS_ACTUAL_INPUT_LATENCY = 6;
export const PS_ACTUAL_OUTPUT_LATENCY = 7;
export const PS_ACTUAL_DEVICE_RATE = 8;
export const PS_ACTUAL_INPUT_RATE = 9;
export const PS_ACTUAL_SIZE = 10;

export const PS_LEVEL_PEAK = 0;
export const PS_LEVEL_RMS = 1;
export const PS_LEVEL_SIZE = 2;

export const PS_GLITCH_FRAME = 0;
export const PS_GLITCH_TIME = 1;
export const PS_GLITCH_KIND = 2;
export const PS_GLITCH_FRAMES = 3;
export const PS_GLITCH_SIZE = 4;
export const PS_GLITCH_INPUT_UNDERFLOW = 0;
export const PS_GLITCH_INPUT_OVERFLOW = 1;
export const PS_GLITCH_OUTPUT_UNDERFLOW = 2;
export const PS_GLITCH_OUTPUT_OVERFLOW = 3;
export const PS_GLITCH_SOURCE_UNDERFLOW = 4;
export const PS_GLITCH_SINK_OVERFLOW = 5;
export const PS_GLITCH_SINK = 256;
export const PS_GLITCH_REROUTED = 6;
export const PS_GLITCH_DEVICE_GAP = 7;

export const PS_TIMING_LATE_P50 = 0;
export const PS_TIMING_LATE_P99 = 1;
export const PS_TIMING_LATE_MAX = 2;
export const PS_TIMING_TOOK_P50 = 3;
export const PS_TIMING_TOOK_P99 = 4;
export const PS_TIMING_TOOK_MAX = 5;
export const PS_TIMING_SIZE = 6;

export const PS_WAKE_ROOM = -1;
export const PS_WAKE_CHANGE = -2;
export const PS_WAKE_HEARD = -3;
export const PS_WAKE_BLOCK = -4;

export const PS_MODE_READ = 1;
export const PS_MODE_WRITE = 2;
export const PS_MODE_READ_WRITE = 3;
export const PS_MODE_EXCLUSIVE = 4;
export const PS_MODE_TRUNCATE = 8;

export const PS_FILE_SAMPLE_RATE = 0;
export const PS_FILE_CHANNELS = 1;
export const PS_FILE_FORMAT = 2;
export const PS_FILE_FRAMES = 3;
export const PS_FILE_SEEKABLE = 4;
export const PS_FILE_COMPRESSION_LEVEL = 5;
export const PS_FILE_BITRATE_MODE = 6;
export const PS_FILE_INFO_SIZE = 7;

export const PS_BITRATE_CONSTANT = 0;
export const PS_BITRATE_AVERAGE = 1;
export const PS_BITRATE_VARIABLE = 2;

export const PS_WHENCE_START = 0;
export const PS_WHENCE_POSITION = 1;
export const PS_WHENCE_END = 2;

export const PS_TAG_TITLE = 1;
export const PS_TAG_COPYRIGHT = 2;
export const PS_TAG_SOFTWARE = 3;
export const PS_TAG_ARTIST = 4;
export const PS_TAG_COMMENT = 5;
export const PS_TAG_DATE = 6;
export const PS_TAG_ALBUM = 7;
export const PS_TAG_LICENSE = 8;
export const PS_TAG_TRACK_NUMBER = 9;
export const PS_TAG_GENRE = 16;

export const PS_CUE_ID = 0;
export const PS_CUE_FRAME = 1;
export const PS_CUE_SIZE = 2;

export const PS_INSTRUMENT_GAIN = 0;
export const PS_INSTRUMENT_BASE_NOTE = 1;
export const PS_INSTRUMENT_DETUNE = 2;
export const PS_INSTRUMENT_LOW_VELOCITY = 3;
export const PS_INSTRUMENT_HIGH_VELOCITY = 4;
export const PS_INSTRUMENT_LOW_KEY = 5;
export const PS_INSTRUMENT_HIGH_KEY = 6;
export const PS_INSTRUMENT_SIZE = 7;

export const PS_LOOP_MODE = 0;
export const PS_LOOP_START = 1;
export const PS_LOOP_END = 2;
export const PS_LOOP_COUNT = 3;
export const PS_LOOP_SIZE = 4;
export const PS_LOOP_NONE = 0;
export const PS_LOOP_FORWARD = 1;
export const PS_LOOP_BACKWARD = 2;
export const PS_LOOP_ALTERNATING = 3;

export const PS_BROADCAST_DESCRIPTION = 0;
export const PS_BROADCAST_ORIGINATOR = 1;
export const PS_BROADCAST_REFERENCE = 2;
export const PS_BROADCAST_DATE = 3;
export const PS_BROADCAST_TIME = 4;
export const PS_BROADCAST_HISTORY = 5;
export const PS_BROADCAST_TIME_REFERENCE = 0;
export const PS_BROADCAST_VERSION = 1;
export const PS_BROADCAST_LOUDNESS = 2;
export const PS_BROADCAST_LOUDNESS_RANGE = 3;
export const PS_BROADCAST_TRUE_PEAK = 4;
export const PS_BROADCAST_MOMENTARY = 5;
export const PS_BROADCAST_SHORT_TERM = 6;
export const PS_BROADCAST_SIZE = 7;

export const PS_INCOMING_WHOLE = 0;
export const PS_INCOMING_CUT_OFF = 1;
export const PS_INCOMING_LEFT = 2;

export const PS_BYTES_SAMPLES = 0;
export const PS_BYTES_SOUND_FILE = 1;
export const PS_BYTES_UNDECIDED = 2;

export const PS_FORMATS_MAJOR = 0;
export const PS_FORMATS_SUBTYPE = 1;
