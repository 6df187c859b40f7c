// The numbers of c/pastream.h. tests/symbols.test.ts keeps them and the header alike.

export const PS_ABI_VERSION = 1;

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

export const PS_LIBRARY_PORTAUDIO = 0;
export const PS_LIBRARY_SNDFILE = 1;

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
export const PS_CONFIG_SIZE = 21;

export const PS_STREAM_CLIP_OFF = 1;
export const PS_STREAM_DITHER_OFF = 2;
export const PS_STREAM_NEVER_DROP_INPUT = 4;
export const PS_STREAM_PRIME_OUTPUT = 8;

export const PS_HOST_ASIO = 1;
export const PS_HOST_WASAPI = 2;
export const PS_HOST_COREAUDIO = 3;

export const PS_FAULT_INPUT_OVERFLOW = 0;
export const PS_FAULT_OUTPUT_UNDERFLOW = 1;
export const PS_FAULT_STALL = 2;
export const PS_FAULT_DEVICE_LOST = 3;

export const PS_COMMAND_OPEN = 1;
export const PS_COMMAND_START = 2;
export const PS_COMMAND_STOP = 3;
export const PS_COMMAND_ABORT = 4;
export const PS_COMMAND_CLOSE = 5;

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

export const PS_ENDPOINT_NONE = 0;
export const PS_ENDPOINT_RING = 1;
export const PS_ENDPOINT_FILE = 2;

export const PS_SOURCE_LOOP = 1;
export const PS_SOURCE_COMPLETE = 2;

export const PS_SINK_DROP = 1;
export const PS_SINK_MEMORY = 2;

export const PS_RUN_FATAL_XRUNS = 1;

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
export const PS_NUMBER_COUNT = 22;

export const PS_ACTUAL_INPUT_DEVICE = 0;
export const PS_ACTUAL_OUTPUT_DEVICE = 1;
export const PS_ACTUAL_INPUT_CHANNELS = 2;
export const PS_ACTUAL_OUTPUT_CHANNELS = 3;
export const PS_ACTUAL_SAMPLE_RATE = 4;
export const PS_ACTUAL_BLOCK_SIZE = 5;
export const PS_ACTUAL_INPUT_LATENCY = 6;
export const PS_ACTUAL_OUTPUT_LATENCY = 7;
export const PS_ACTUAL_SIZE = 8;

export const PS_GLITCH_INPUT_UNDERFLOW = 0;
export const PS_GLITCH_INPUT_OVERFLOW = 1;
export const PS_GLITCH_OUTPUT_UNDERFLOW = 2;
export const PS_GLITCH_OUTPUT_OVERFLOW = 3;
export const PS_GLITCH_SOURCE_UNDERFLOW = 4;
export const PS_GLITCH_SINK_OVERFLOW = 5;
export const PS_GLITCH_REROUTED = 6;
export const PS_GLITCH_DEVICE_GAP = 7;

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
