/*
 * libpastream: real-time audio streams, served without the interpreter.
 *
 * The door for foreign function interfaces is narrow on purpose. A function takes and returns int32_t and double,
 * and pointers to buffers that the caller owns and that are used during the call only (the one exception is the
 * storage of ps_ring_new and ps_ring_move). There are no structs, no callbacks and no 64-bit integers. Every native
 * object is a handle, a positive int32_t made of a slot and a generation: a handle that was freed, or never was one,
 * gives PS_ERR_HANDLE, never a crash, from any thread. That goes for every function that takes one.
 *
 * Results: a negative value is one of the PS_ERR_ codes below, 0 or more is success. The detail behind an error
 * (PortAudio's or libsndfile's own text and code) is kept per thread until that thread's next failing call:
 * ps_error_detail().
 *
 * Threads: "any thread" below means what it says. "owner" means: one thread at a time, which the caller sees to
 * (in JavaScript: the thread that made the object). "reader" and "writer" are the two sides of a ring, each one
 * thread at a time. No function here may be called from the audio callback: that code is inside the library.
 *
 * A program that plays memory, whole:
 *
 *   double config[PS_CONFIG_SIZE];
 *   ps_config_init(config, PS_CONFIG_SIZE);
 *   config[PS_CONFIG_OUTPUT_DEVICE] = PS_DEVICE_DEFAULT;
 *   config[PS_CONFIG_OUTPUT_CHANNELS] = 2;
 *   int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
 *   int32_t memory = ps_ring_new(8, frames, NULL, 0);
 *   ps_ring_write(memory, samples, frames);
 *   ps_ring_end(memory);
 *   ps_stream_command(stream, PS_COMMAND_OPEN);
 *   ps_stream_set_source(stream, PS_ENDPOINT_RING, memory, 0);
 *   ps_stream_set_run(stream, -1, 0, 0, 0);
 *   ps_stream_command(stream, PS_COMMAND_START);
 *   ps_stream_wait(stream, -1);                  // until the device has played the last frame
 *   ps_stream_command(stream, PS_COMMAND_CLOSE);
 *   ps_stream_free(stream);
 *   ps_ring_free(memory);
 */
#ifndef PASTREAM_H
#define PASTREAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define PS_API __declspec(dllexport)
#else
#define PS_API __attribute__((visibility("default")))
#endif

/* Raised whenever a function, an index or a code changes its meaning; the caller compares it with its own. */
#define PS_ABI_VERSION 1

/* ------------------------------------------------------------------ status */

#define PS_OK 0
#define PS_ERR_HANDLE -1            /* not a live handle of the kind the call takes: the object was closed */
#define PS_ERR_ARGUMENT -2          /* an argument is out of range; ps_error_detail names it */
#define PS_ERR_MEMORY -3            /* out of memory, or out of handles (65535) */
#define PS_ERR_THREAD -4            /* the system refused a thread */
#define PS_ERR_ACTIVE -5            /* not while the stream is running */
#define PS_ERR_BUSY -6              /* the file is in use by a running stream or by another job */
#define PS_ERR_STATE -7             /* the stream is not open (start), or was closed */
#define PS_ERR_PENDING -8           /* the command or job has not ended yet: ask again */
#define PS_ERR_BUFFER_FULL -9       /* a recording had no room left; what fitted is kept */
#define PS_ERR_BUFFER_EMPTY -10     /* the source ended before `frames` frames were played */
#define PS_ERR_DEVICE_NOT_FOUND -11 /* no such device, or no default device of that direction */
#define PS_ERR_DEVICE_LOST -12      /* the device went away, or its server died, while streaming */
#define PS_ERR_PORTAUDIO -13        /* PortAudio said no: detail code is its PaErrorCode */
#define PS_ERR_SOUNDFILE -14        /* libsndfile or the system said no: detail code is libsndfile's */
#define PS_ERR_NO_PORTAUDIO -15     /* the PortAudio library could not be loaded: detail lists what was tried */
#define PS_ERR_NO_SNDFILE -16       /* likewise libsndfile */
#define PS_ERR_XRUN -17             /* an xrun ended the run (PS_RUN_FATAL_XRUNS) */
#define PS_ERR_STALLED -18          /* a pipe took no data while the stream was being ended; the rest was dropped */
#define PS_ERR_UNSUPPORTED -19      /* not on this platform, or not by the installed library */

/* The ABI version of this library: PS_ABI_VERSION. Any thread. */
PS_API int32_t ps_abi_version(void);
/* Copies the version of this library ("1.2.3") into `text`, cut to `size` bytes with its terminating zero; answers
 * the full length. All functions that fill a `text` work alike. Any thread. */
PS_API int32_t ps_version(char *text, int32_t size);
/* Text of the calling thread's last failing call ("" where the code says it all). Any thread. */
PS_API int32_t ps_error_detail(char *text, int32_t size);
/* What a number of the calling thread's last failing call: 0 the code of PortAudio or libsndfile, 1 the code of the
 * host API beneath PortAudio, 2 that host API's PaHostApiTypeId. Any thread. */
PS_API int32_t ps_error_number(int32_t what);
/* Ends every stream (aborting playback, finishing recordings, at most 2 s) and closes every file. The library calls
 * it itself when the process exits in order; a runtime that ends without C's exit handlers calls it. Any thread. */
PS_API int32_t ps_shutdown(void);
/* How many handles of all kinds are live; for leak tests. Any thread. */
PS_API int32_t ps_handle_count(void);

/* --------------------------------------------------------------- libraries */

#define PS_LIBRARY_PORTAUDIO 0
#define PS_LIBRARY_SNDFILE 1

/* Loads the library `which` now instead of on first use, from `path` (UTF-8) or, if NULL or empty, from
 * PASTREAM_PORTAUDIO or PASTREAM_SNDFILE in the environment, else by its usual names. Does nothing when it is loaded.
 * PS_ERR_NO_PORTAUDIO, PS_ERR_NO_SNDFILE: detail lists what was tried, a line each. Any thread; may read files. */
PS_API int32_t ps_library_load(int32_t which, const char *path);
/* Text about a loaded library: what = 0 its version text, 1 the path it was loaded from. Empty if not loaded. Any
 * thread. */
PS_API int32_t ps_library_text(int32_t which, int32_t what, char *text, int32_t size);

/* ------------------------------------------------------------ ring buffers */

/* A lock-free ring of `size` elements of `element_size` bytes (1 to 65536) for one reader and one writer. Any size
 * goes. `storage` NULL: the library's own memory; else `storage_bytes` of the caller's memory, at least
 * size * element_size, which must stay valid until the handle is freed and no stream uses the ring.
 * PS_ERR_ARGUMENT, PS_ERR_MEMORY. Any thread. */
PS_API int32_t ps_ring_new(int32_t element_size, int32_t size, void *storage, double storage_bytes);
/* Goes on in other memory with what the ring holds; `storage` as in ps_ring_new. Only while neither side uses it:
 * PS_ERR_ACTIVE if a stream does. PS_ERR_ARGUMENT, PS_ERR_MEMORY: then the ring stays where it is. Owner. */
PS_API int32_t ps_ring_move(int32_t ring, void *storage, double storage_bytes);
/* A second handle of the same ring, to be freed like the first: the ring lives until the last one is freed. For a
 * thread that has a view on its memory (ps_ring_address) and is not the one that made it. PS_ERR_MEMORY. Any thread. */
PS_API int32_t ps_ring_share(int32_t ring);
/* Gives the handle back. A stream that uses the ring keeps its memory until it lets go. Any thread, once. */
PS_API int32_t ps_ring_free(int32_t ring);
/* The side of a ring that a running stream works is its own: what a "reader" or "writer" would do there is
 * PS_ERR_ACTIVE, but for ps_ring_end. A `count` below 0 is PS_ERR_ARGUMENT. */
/* Copies up to `count` elements out and answers how many there were. Reader. */
PS_API int32_t ps_ring_read(int32_t ring, void *data, int32_t count);
/* Copies up to `count` elements out but goes forward by what was copied minus `overlap` (never backwards). Reader. */
PS_API int32_t ps_ring_read_overlap(int32_t ring, void *data, int32_t count, int32_t overlap);
/* Copies up to `count` elements in and answers how many fitted. Writer. */
PS_API int32_t ps_ring_write(int32_t ring, const void *data, int32_t count);
/* Elements that can be read or written now. Any thread (exact for the side that asks). */
PS_API int32_t ps_ring_read_available(int32_t ring);
PS_API int32_t ps_ring_write_available(int32_t ring);
/* Moves an index on by up to `count` elements, and answers by how many. Reader, writer. */
PS_API int32_t ps_ring_advance_read(int32_t ring, int32_t count);
PS_API int32_t ps_ring_advance_write(int32_t ring, int32_t count);
/* The readable (side 0) or writable (side 1) region: regions[0..3] = first offset, first count, second offset, second
 * count, in elements from the start of the storage. At most `count` elements; answers how many. Reader, writer. */
PS_API int32_t ps_ring_regions(int32_t ring, int32_t side, int32_t count, int32_t *regions);
/* Address of the storage as a number, for a runtime that can make views on foreign memory. The ring must not be freed
 * while a view lives. Any thread. */
PS_API double ps_ring_address(int32_t ring);
/* What: 0 size in elements, 1 element size in bytes, 2 whether the writer has ended, 3 whether a running stream uses
 * it. Any thread. */
PS_API int32_t ps_ring_info(int32_t ring, int32_t what);
/* Empties the ring and takes back its end. Only while neither side uses it: PS_ERR_ACTIVE if a stream does. Owner. */
PS_API int32_t ps_ring_flush(int32_t ring);
/* Says that no more will be written: a stream that finds the ring empty then knows the end of the data from a writer
 * that is late. Writer. */
PS_API int32_t ps_ring_end(int32_t ring);

/* ----------------------------------------------------------------- devices */

/* Devices are numbered by backend: PulseAudio's, the default ones first; PortAudio's in its order; the virtual
 * device. */
#define PS_DEVICE_NONE -1
#define PS_DEVICE_DEFAULT -2 /* the system's default of that direction */
#define PS_DEVICE_VIRTUAL -3 /* the built-in device, whatever its index: needs no PortAudio */

#define PS_DEVICE_HOST_API 0 /* index of its host API */
#define PS_DEVICE_MAX_INPUT_CHANNELS 1
#define PS_DEVICE_MAX_OUTPUT_CHANNELS 2
#define PS_DEVICE_DEFAULT_SAMPLE_RATE 3
#define PS_DEVICE_LOW_INPUT_LATENCY 4 /* seconds, as the next three */
#define PS_DEVICE_HIGH_INPUT_LATENCY 5
#define PS_DEVICE_LOW_OUTPUT_LATENCY 6
#define PS_DEVICE_HIGH_OUTPUT_LATENCY 7
#define PS_DEVICE_IS_DEFAULT_INPUT 8 /* 0 or 1: of the whole system */
#define PS_DEVICE_IS_DEFAULT_OUTPUT 9
#define PS_DEVICE_IS_LOOPBACK 10 /* 0 or 1: its input is what an output plays */
#define PS_DEVICE_INFO_SIZE 11

#define PS_HOST_API_TYPE 0 /* PaHostApiTypeId; 1000 for "Virtual" */
#define PS_HOST_API_DEVICE_COUNT 1
#define PS_HOST_API_DEFAULT_INPUT 2 /* device index or -1 */
#define PS_HOST_API_DEFAULT_OUTPUT 3
#define PS_HOST_API_INFO_SIZE 4

/* Number of devices, the virtual one included. Without PortAudio it is 1. Starts PortAudio on its first call, which
 * may take a second. PS_ERR_PORTAUDIO. Any thread. */
PS_API int32_t ps_device_count(void);
/* Fills info[0..PS_DEVICE_INFO_SIZE) and the name. PS_ERR_ARGUMENT: no such index. Any thread. */
PS_API int32_t ps_device_info(int32_t device, double *info, int32_t info_size, char *name, int32_t name_size);
/* Copies the name that the device's own sound server gives it, which stays; empty where there is no such name.
 * PS_ERR_ARGUMENT: no such index. Any thread. */
PS_API int32_t ps_device_id(int32_t device, char *text, int32_t size);
/* Looks again which devices there are. Streams that are open go on; indices may change. Any thread; may take
 * seconds. */
PS_API int32_t ps_device_refresh(void);
/* Likewise the host APIs, of which "Virtual" comes last. */
PS_API int32_t ps_host_api_count(void);
PS_API int32_t ps_host_api_info(int32_t host_api, double *info, int32_t info_size, char *name, int32_t name_size);

/* ----------------------------------------------------------------- streams */

/* Sample formats. int24 is packed, 3 bytes, little-endian. */
#define PS_FORMAT_FLOAT32 0
#define PS_FORMAT_INT32 1
#define PS_FORMAT_INT24 2
#define PS_FORMAT_INT16 3
#define PS_FORMAT_INT8 4
#define PS_FORMAT_UINT8 5
#define PS_FORMAT_FLOAT64 6 /* files only */

/* Indices into the configuration of a stream. */
#define PS_CONFIG_INPUT_DEVICE 0 /* index, or PS_DEVICE_NONE (default), PS_DEVICE_DEFAULT, PS_DEVICE_VIRTUAL */
#define PS_CONFIG_OUTPUT_DEVICE 1
#define PS_CONFIG_INPUT_CHANNELS 2 /* 0: the device's maximum, at most 2 */
#define PS_CONFIG_OUTPUT_CHANNELS 3
#define PS_CONFIG_INPUT_FORMAT 4 /* PS_FORMAT_ */
#define PS_CONFIG_OUTPUT_FORMAT 5
#define PS_CONFIG_SAMPLE_RATE 6   /* Hz; 0: the device's default */
#define PS_CONFIG_BLOCK_SIZE 7    /* frames per callback; 0: the device decides */
#define PS_CONFIG_INPUT_LATENCY 8 /* seconds; -1 the device's low, -2 its high value (default) */
#define PS_CONFIG_OUTPUT_LATENCY 9
#define PS_CONFIG_FLAGS 10                /* PS_STREAM_ flags */
#define PS_CONFIG_VIRTUAL_CLOCK 11        /* 0 realtime, 1 freewheel */
#define PS_CONFIG_VIRTUAL_DELAY 12        /* loopback delay in frames; -1 (default): one block */
#define PS_CONFIG_INPUT_HOST_SETTINGS 13  /* PS_HOST_ kind of the input's host settings; 0 none */
#define PS_CONFIG_OUTPUT_HOST_SETTINGS 14 /* likewise for the output */
#define PS_CONFIG_INPUT_HOST_FLAGS 15     /* PS_HOST_ flags of that kind */
#define PS_CONFIG_OUTPUT_HOST_FLAGS 16
#define PS_CONFIG_INPUT_CHANNEL_MAP 17  /* how many entries of `list` are the input's channel selectors or map */
#define PS_CONFIG_OUTPUT_CHANNEL_MAP 18 /* likewise the output's; they stand after the input's */
#define PS_CONFIG_FAULTS 19             /* how many faults stand in `list` after the channel maps, 4 numbers each */
#define PS_CONFIG_METERS 20             /* 1 (default): levels are measured; 0: not */
#define PS_CONFIG_SIZE 21

#define PS_STREAM_CLIP_OFF 1
#define PS_STREAM_DITHER_OFF 2
#define PS_STREAM_NEVER_DROP_INPUT 4
#define PS_STREAM_PRIME_OUTPUT 8

#define PS_HOST_ASIO 1      /* list: channel selectors */
#define PS_HOST_WASAPI 2    /* flags: 1 exclusive, 2 auto-convert */
#define PS_HOST_COREAUDIO 3 /* list: channel map; flags: 1 change device parameters, 2 fail if conversion required */

/* One fault in `list`: frame, kind, frames (overflow, underflow), seconds (stall). */
#define PS_FAULT_INPUT_OVERFLOW 0
#define PS_FAULT_OUTPUT_UNDERFLOW 1
#define PS_FAULT_STALL 2
#define PS_FAULT_DEVICE_LOST 3

/* Fills `config` with the defaults above. PS_ERR_ARGUMENT if `size` is not PS_CONFIG_SIZE. Any thread. */
PS_API int32_t ps_config_init(double *config, int32_t size);
/* PS_OK if such a stream could be opened, else what opening would give. Any thread; may take a second. */
PS_API int32_t ps_check_settings(const double *config, int32_t size, const double *list, int32_t list_size);
/* A stream of that configuration; both directions make it duplex. Nothing is opened yet. `list` holds channel
 * selectors and faults, as the configuration says. Looks at the numbers only: whether there are such devices is told by
 * PS_COMMAND_OPEN. PS_ERR_ARGUMENT, PS_ERR_MEMORY, PS_ERR_THREAD. Any thread; does not block. */
PS_API int32_t ps_stream_new(const double *config, int32_t size, const double *list, int32_t list_size);
/* Gives the handle back. A stream that is not closed is closed first, behind the caller's back. Owner, once. */
PS_API int32_t ps_stream_free(int32_t stream);

/* Commands are carried out one after the other by the stream's own thread; the call only hands them over. */
#define PS_COMMAND_OPEN 1 /* open the device */
/* Start a run as ps_stream_set_ has it; PS_ERR_ACTIVE while one is running, PS_ERR_BUSY if another stream runs with a
 * ring or file of it. */
#define PS_COMMAND_START 2
#define PS_COMMAND_STOP 3  /* play what the device has, end the run, finish the files */
#define PS_COMMAND_ABORT 4 /* drop what the device has, end the run, finish the files; also of a run that is ending */
#define PS_COMMAND_CLOSE 5 /* abort if need be, close the device, let go of rings and files */
/* Answers a ticket (>= 0) for ps_stream_done. STOP and ABORT take effect at once even while START is under way; on a
 * stream that is not running they do nothing. PS_ERR_ARGUMENT (no such command), PS_ERR_BUSY (32 are waiting). Any
 * thread. */
PS_API int32_t ps_stream_command(int32_t stream, int32_t command);
/* PS_OK or the error of the command with that ticket (PS_ERR_ACTIVE, PS_ERR_STATE, PS_ERR_PORTAUDIO, …; detail as of
 * a call of this thread), or PS_ERR_PENDING. PS_ERR_ARGUMENT: not one of the last 64 tickets. Owner. */
PS_API int32_t ps_stream_done(int32_t stream, int32_t ticket);
/* Blocks until that command has ended and answers as ps_stream_done. Owner. */
PS_API int32_t ps_stream_await(int32_t stream, int32_t ticket);
/* Blocks until no command waits or is under way and no run is on (state not STARTING, ACTIVE or ENDING), at most
 * `seconds` (< 0: for ever), and returns 1, or 0 if time ran out. Any thread. */
PS_API int32_t ps_stream_wait(int32_t stream, double seconds);

/* The source ends, and the run completes when all of it has been played: what is in the ring now, the rest of this pass
 * of a loop, a file to its end; no pad follows, and fewer frames than the run was to have are no error. In the state
 * STARTING it ends the wait for a source's first frames, and may be too early for the rest: to be called again once it
 * is ACTIVE. Does nothing in other states. Owner. */
PS_API int32_t ps_stream_drain(int32_t stream);

#define PS_STATE_NEW 0      /* not opened yet */
#define PS_STATE_IDLE 1     /* open, never started */
#define PS_STATE_STARTING 2 /* files are being read ahead, the device is being started */
#define PS_STATE_ACTIVE 3
#define PS_STATE_ENDING 4    /* the last frame has gone through the callback; device and files are being finished */
#define PS_STATE_COMPLETED 5 /* ended by itself */
#define PS_STATE_STOPPED 6   /* by PS_COMMAND_STOP */
#define PS_STATE_ABORTED 7   /* by PS_COMMAND_ABORT, or by an error: ps_stream_error */
#define PS_STATE_CLOSED 8
#define PS_STATE_CLOSING 9 /* the device is being closed */
/* One of the states. Any thread. */
PS_API int32_t ps_stream_state(int32_t stream);

/* What is played and recorded; before a start. What sets something for the next run answers PS_ERR_ACTIVE while one is
 * on, or a START or CLOSE waits, and PS_ERR_STATE while the device is not open. */
#define PS_ENDPOINT_NONE 0
#define PS_ENDPOINT_RING 1   /* `object` is a ring whose elements are the stream's frames */
#define PS_ENDPOINT_FILE 2   /* `object` is a file with the stream's channels; a thread moves its frames */
#define PS_SOURCE_LOOP 1     /* ring: play its contents over and over without taking them out; file: seek to start */
#define PS_SOURCE_COMPLETE 2 /* the ring counts as ended, whatever its flag says */
#define PS_SINK_DROP 1       /* no room: drop the newest frames, count and log them, go on */
#define PS_SINK_MEMORY 2     /* nobody reads the ring during the run: freewheeling does not wait for room in it */
/* The ring or file to play or to record into; PS_ENDPOINT_NONE takes it away. For a file `flags` of the source are
 * PS_SOURCE_LOOP, and `between` is the ring to stand between file and callback, which is emptied at a start (0: one of
 * the library's own, of 65536 frames); for a ring it is 0.
 * PS_ERR_HANDLE (the object), PS_ERR_ARGUMENT (element size or channels do not fit; a file that cannot loop; an empty
 * ring with PS_SOURCE_LOOP; no such direction or kind). Owner. */
PS_API int32_t ps_stream_set_source(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between);
PS_API int32_t ps_stream_set_sink(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between);

#define PS_RUN_FATAL_XRUNS 1 /* the first xrun ends the run with PS_ERR_XRUN */
/* Frames (-1: as many as the source has), pad (-1: for ever) and offset of the next run, each at most 9e15, whose
 * numbers begin at 0 from now on. PS_ERR_ARGUMENT. Owner. */
PS_API int32_t ps_stream_set_run(int32_t stream, double frames, double pad, double offset, int32_t flags);
/* Frames that the source has to have in its ring before the device starts, unless it ends before that: at most the
 * whole ring. Negative (default): half the ring for a file, 0 for a ring. Owner. */
PS_API int32_t ps_stream_set_prebuffer(int32_t stream, double frames);

/* Channel map: out[i] = in[map[i] - 1], 0 is silence. side 0: recorded channel i from device channel map[i]; side 1:
 * device channel i from source channel map[i]. `count` is the channel count; NULL with 0: identity. Takes effect whole
 * at the next block. PS_ERR_ARGUMENT, PS_ERR_STATE (not open). Owner. */
PS_API int32_t ps_stream_set_map(int32_t stream, int32_t side, const int32_t *map, int32_t count);
/* Linear gain of what is played; 1 leaves every bit as it is. PS_ERR_ARGUMENT: it is not finite. Any thread. */
PS_API int32_t ps_stream_set_gain(int32_t stream, double gain);

/* Switches a running file recording to `file`; no frame is lost between the two. The new file begins at frame `at` of
 * the recording, counted from its first frame, or with the next block if that frame is already written (-1 always is).
 * A recording that ends before `at` leaves the new file without frames. The old file is finished and given back.
 * PS_ERR_STATE (no file is being recorded), PS_ERR_BUSY (`file` is in use, or an earlier switch is pending),
 * PS_ERR_ARGUMENT (channels, `at`). Owner. */
PS_API int32_t ps_stream_next_file(int32_t stream, int32_t file, double at);
/* The frame of the recording (counted from its first frame) at which the newest file begins, or PS_ERR_PENDING while
 * the old file is not finished. Owner. */
PS_API double ps_stream_next_file_at(int32_t stream);

/* One number of a stream, all since the last start; the last five are those of a callback, and mean nothing before the
 * first. Any thread. PS_ERR_ARGUMENT. */
#define PS_NUMBER_FRAME_COUNT 0 /* frames processed */
#define PS_NUMBER_XRUNS 1
#define PS_NUMBER_INPUT_UNDERFLOWS 2
#define PS_NUMBER_INPUT_OVERFLOWS 3
#define PS_NUMBER_OUTPUT_UNDERFLOWS 4
#define PS_NUMBER_OUTPUT_OVERFLOWS 5
#define PS_NUMBER_SOURCE_UNDERFLOWS 6
#define PS_NUMBER_SINK_OVERFLOWS 7   /* runs of dropped frames */
#define PS_NUMBER_DROPPED_FRAMES 8   /* frames dropped by PS_SINK_DROP */
#define PS_NUMBER_STATUS 9           /* PaStreamCallbackFlags seen, or-ed */
#define PS_NUMBER_TIME 10            /* the stream's clock in seconds */
#define PS_NUMBER_CPU_LOAD 11        /* 0..1 */
#define PS_NUMBER_SOURCE_FRAMES 12   /* frames taken from the source */
#define PS_NUMBER_RECORDED_FRAMES 13 /* frames put into the sink */
#define PS_NUMBER_CALLBACKS 14
#define PS_NUMBER_GLITCHES 15       /* entries ever written to the glitch log */
#define PS_NUMBER_TOTAL_FRAMES 16   /* frames the run will have, -1 while that is unknown */
#define PS_NUMBER_SINCE_CALLBACK 17 /* seconds since the last callback began */
#define PS_NUMBER_BLOCK_FRAMES 18   /* frames of the last callback */
#define PS_NUMBER_BLOCK_FRAME 19    /* frameCount at the start of the last callback */
#define PS_NUMBER_BLOCK_ADC_TIME 20 /* stream time at which its first input frame was captured */
#define PS_NUMBER_BLOCK_DAC_TIME 21 /* stream time at which its first output frame will be played */
#define PS_NUMBER_COUNT 22
PS_API double ps_stream_number(int32_t stream, int32_t what);
/* Numbers 0 .. count-1 at once. Any thread. */
PS_API int32_t ps_stream_numbers(int32_t stream, double *numbers, int32_t count);

/* What the device really gave. PS_ERR_STATE before PS_COMMAND_OPEN. Any thread. */
#define PS_ACTUAL_INPUT_DEVICE 0 /* index, -1 none */
#define PS_ACTUAL_OUTPUT_DEVICE 1
#define PS_ACTUAL_INPUT_CHANNELS 2
#define PS_ACTUAL_OUTPUT_CHANNELS 3
#define PS_ACTUAL_SAMPLE_RATE 4
#define PS_ACTUAL_BLOCK_SIZE 5    /* as asked for: 0 if the device decides */
#define PS_ACTUAL_INPUT_LATENCY 6 /* seconds */
#define PS_ACTUAL_OUTPUT_LATENCY 7
#define PS_ACTUAL_SIZE 8
PS_API int32_t ps_stream_actual(int32_t stream, double *actual, int32_t count);

/* Peak and RMS per channel since this side was last asked (full scale = 1): levels[2i] and levels[2i+1]. side 0 input,
 * 1 output, 2 input and then output; at most `channels`; answers the number of channels, 0 where nothing is measured.
 * PS_ERR_ARGUMENT. Owner. */
PS_API int32_t ps_stream_levels(int32_t stream, int32_t side, double *levels, int32_t channels);

/* One glitch: frame, time in seconds, kind (below), frames (0: not said by the device). */
#define PS_GLITCH_INPUT_UNDERFLOW 0
#define PS_GLITCH_INPUT_OVERFLOW 1
#define PS_GLITCH_OUTPUT_UNDERFLOW 2
#define PS_GLITCH_OUTPUT_OVERFLOW 3
#define PS_GLITCH_SOURCE_UNDERFLOW 4
#define PS_GLITCH_SINK_OVERFLOW 5
#define PS_GLITCH_REROUTED 6   /* the device was lost, and the stream went on on another one */
#define PS_GLITCH_DEVICE_GAP 7 /* what is behind the device was changed or paused by somebody else */
/* The newest glitches, at most 256 and at most `count`, oldest first, 4 numbers each; answers how many. Any thread. */
PS_API int32_t ps_stream_glitches(int32_t stream, double *glitches, int32_t count);

/* Callback timing: timing[0..2] p50, p99 and max of how late a callback came, [3..5] of how long it took, seconds.
 * Answers the number of callbacks measured. Any thread. */
PS_API int32_t ps_stream_timing(int32_t stream, double *timing, int32_t count);

/* The error that ended the last run, PS_OK if none did; text and numbers (as ps_error_number) with it. Any thread. */
PS_API int32_t ps_stream_error(int32_t stream, char *text, int32_t size, int32_t *numbers, int32_t count);

/* Seconds until the sink ring will hold `frames` readable frames, as the last callbacks foretell; 0 if it does now or
 * the run has ended, at most 0.25. For aiming a timer. Owner. */
PS_API double ps_stream_due(int32_t stream, double frames);
/* Stream time at which the device captured frame number `frame` of this run, reckoned from the last callback, and from
 * what came between where the device had stalled or lost something for more than 20 ms.
 * PS_ERR_STATE: not open. Any thread. */
PS_API double ps_stream_capture_time(int32_t stream, double frame);

/* ------------------------------------------------------------- sound files */

#define PS_MODE_READ 1
#define PS_MODE_WRITE 2      /* empties an existing file */
#define PS_MODE_READ_WRITE 3 /* an existing file, which is kept */
#define PS_MODE_EXCLUSIVE 4  /* with WRITE: the file must not exist yet */
#define PS_MODE_TRUNCATE 8   /* with READ_WRITE: empties it */

#define PS_FILE_SAMPLE_RATE 0
#define PS_FILE_CHANNELS 1
#define PS_FILE_FORMAT 2 /* libsndfile's format word: major | subtype | endian */
#define PS_FILE_FRAMES 3 /* -1: cannot be known (a pipe) */
#define PS_FILE_SEEKABLE 4
#define PS_FILE_COMPRESSION_LEVEL 5 /* in: 0..1, or -1 */
#define PS_FILE_BITRATE_MODE 6      /* in: 0 constant, 1 average, 2 variable, or -1 */
#define PS_FILE_INFO_SIZE 7

/* Opens a file by path (UTF-8), descriptor, or from a copy of `bytes` bytes of memory (NULL, 0 with a writing mode: a
 * file that grows in memory). info[] is read for writing and RAW and filled with what the file has. A descriptor is
 * not closed with the file unless `own` is 1. A pipe is read and written as it comes, without seeking. An open that
 * fails leaves no new file behind. PS_ERR_SOUNDFILE, PS_ERR_NO_SNDFILE, PS_ERR_ARGUMENT. Any thread; reads files. */
PS_API int32_t ps_file_open(const char *path, int32_t mode, double *info, int32_t info_size);
PS_API int32_t ps_file_open_descriptor(int32_t descriptor, int32_t own, int32_t mode, double *info, int32_t info_size);
PS_API int32_t ps_file_open_memory(const void *data, double bytes, int32_t mode, double *info, int32_t info_size);
/* Closes the file and gives the handle back. PS_ERR_BUSY while a stream or job uses it. Owner. */
PS_API int32_t ps_file_close(int32_t file);
/* Ends the sound file but keeps the handle, for the bytes of a file in memory. PS_ERR_BUSY. Owner. */
PS_API int32_t ps_file_finish(int32_t file);
/* Fills info[] with what the file has now. PS_ERR_HANDLE. Owner; allowed while a stream uses the file. */
PS_API int32_t ps_file_info(int32_t file, double *info, int32_t info_size);
/* Reads or writes up to `frames` frames of PS_FORMAT_ samples; answers how many. Integer samples are scaled to and from
 * full scale, floating point is clipped when it is written as integers, NaN as 0. PS_ERR_BUSY, PS_ERR_SOUNDFILE.
 * Owner. */
PS_API int32_t ps_file_read(int32_t file, void *data, int32_t frames, int32_t format);
PS_API int32_t ps_file_write(int32_t file, const void *data, int32_t frames, int32_t format);
/* Goes to a frame from the start (whence 0), the position (1) or the end (2); answers the new position. In a file that
 * is written it may be beyond the end: what is written there is preceded by silence. Owner. */
PS_API double ps_file_seek(int32_t file, double frames, int32_t whence);
/* The position. Owner; allowed while a stream uses the file. */
PS_API double ps_file_tell(int32_t file);
/* Cuts the file to `frames` frames and goes to its end. Owner. */
PS_API int32_t ps_file_truncate(int32_t file, double frames);
/* Writes buffers and header out to the file and the file to the disk. Owner. */
PS_API int32_t ps_file_flush(int32_t file);
/* A tag by libsndfile's number (1 title, 2 copyright, 3 software, 4 artist, 5 comment, 6 date, 7 album, 8 license,
 * 9 track number, 16 genre). get answers its length, 0 for none. Owner; get is allowed while a stream uses the file. */
PS_API int32_t ps_file_get_string(int32_t file, int32_t tag, char *text, int32_t size);
PS_API int32_t ps_file_set_string(int32_t file, int32_t tag, const char *text);
/* The bytes of a file in memory from `offset` on: copies up to `size` of them, and answers how many there are from
 * there on (at most INT32_MAX). PS_ERR_ARGUMENT (not in memory), PS_ERR_BUSY. Owner. */
PS_API int32_t ps_file_bytes(int32_t file, double offset, void *data, int32_t size);

/* Cue point number `index`: cue[0..PS_CUE_SIZE) and its name; answers how many cue points the file has. Owner. */
#define PS_CUE_ID 0
#define PS_CUE_FRAME 1
#define PS_CUE_SIZE 2
PS_API int32_t ps_file_cue(int32_t file, int32_t index, double *cue, int32_t size, char *name, int32_t name_size);

/* What a sampler is told: PS_INSTRUMENT_SIZE numbers, then PS_LOOP_SIZE for each loop. Fills up to `count` and answers
 * how many there are, 0 for a file without. Owner. */
#define PS_INSTRUMENT_GAIN 0
#define PS_INSTRUMENT_BASE_NOTE 1 /* MIDI notes, here and in keys */
#define PS_INSTRUMENT_DETUNE 2    /* cents */
#define PS_INSTRUMENT_LOW_VELOCITY 3
#define PS_INSTRUMENT_HIGH_VELOCITY 4
#define PS_INSTRUMENT_LOW_KEY 5
#define PS_INSTRUMENT_HIGH_KEY 6
#define PS_INSTRUMENT_SIZE 7
#define PS_LOOP_MODE 0 /* 0 none, 1 forward, 2 backward, 3 alternating */
#define PS_LOOP_START 1
#define PS_LOOP_END 2
#define PS_LOOP_COUNT 3 /* 0: for ever */
#define PS_LOOP_SIZE 4
PS_API int32_t ps_file_loops(int32_t file, double *numbers, int32_t count);

/* The broadcast extension of a WAV file (EBU Tech 3285): one of its texts, and up to `count` of its PS_BROADCAST_SIZE
 * numbers. Answers 0 for a file without, else the length of the text plus 1. Owner. */
#define PS_BROADCAST_DESCRIPTION 0
#define PS_BROADCAST_ORIGINATOR 1
#define PS_BROADCAST_REFERENCE 2
#define PS_BROADCAST_DATE 3
#define PS_BROADCAST_TIME 4
#define PS_BROADCAST_HISTORY 5
#define PS_BROADCAST_TIME_REFERENCE 0 /* frames since midnight */
#define PS_BROADCAST_VERSION 1
#define PS_BROADCAST_LOUDNESS 2 /* LUFS, LU, dBTP, LUFS, LUFS */
#define PS_BROADCAST_LOUDNESS_RANGE 3
#define PS_BROADCAST_TRUE_PEAK 4
#define PS_BROADCAST_MOMENTARY 5
#define PS_BROADCAST_SHORT_TERM 6
#define PS_BROADCAST_SIZE 7
PS_API int32_t ps_file_broadcast(int32_t file, int32_t what, char *text, int32_t size, double *numbers, int32_t count);
/* What libsndfile noted when it read the file's headers. Owner. */
PS_API int32_t ps_file_log(int32_t file, char *text, int32_t size);

/* The same off the caller's thread. A job has the file until it has ended: other calls answer PS_ERR_BUSY. */
/* Starts reading `frames` frames; answers a job. PS_ERR_BUSY, PS_ERR_MEMORY, PS_ERR_THREAD. Owner. */
PS_API int32_t ps_job_read(int32_t file, double frames, int32_t format);
/* Starts writing a copy of `frames` frames; answers a job. Owner. */
PS_API int32_t ps_job_write(int32_t file, const void *data, double frames, int32_t format);
/* Frames done when the job has ended, its error, or PS_ERR_PENDING. Owner. */
PS_API double ps_job_done(int32_t job);
/* Copies up to `frames` frames of what has been read and not taken yet into `data`; answers how many. They have to be
 * taken while the job runs: it does not read far ahead. Owner. */
PS_API int32_t ps_job_take(int32_t job, void *data, double frames);
/* Ends the job, if it has not ended, after the block that it is at, and gives the handle back. Owner. */
PS_API int32_t ps_job_free(int32_t job);

/* Formats of the installed libsndfile: kind 0 major formats, 1 subtypes. count answers how many; info answers its
 * format word and fills text with its name and, after a tab, its file extension. PS_ERR_NO_SNDFILE. Any thread. */
PS_API int32_t ps_format_count(int32_t kind);
PS_API int32_t ps_format_info(int32_t kind, int32_t index, char *text, int32_t size);
/* 1 if libsndfile can write such a file, 0 if not. Any thread. */
PS_API int32_t ps_format_check(int32_t format, int32_t channels, double sample_rate);

#ifdef __cplusplus
}
#endif
#endif
