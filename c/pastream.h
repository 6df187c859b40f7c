/*
 * libpastream: real-time audio streams, served without the interpreter.
 *
 * The door for foreign function interfaces is narrow on purpose. A function takes and returns int32_t and double,
 * and pointers to buffers that the caller owns and that are used during the call only (the one exception is the
 * storage of ps_ring_new and ps_ring_move). There are no structs, no callbacks and no 64-bit integers. Every native
 * object is a handle, a positive int32_t made of a slot and a generation.
 *
 * Results. A function that returns int32_t returns 0 or more on success, and one of the PS_ERR_ codes below on failure.
 * A function that returns double returns the number, which may be negative, or NaN on failure; ps_error_number() with
 * PS_ERROR_STATUS is then the PS_ERR_ code. The detail behind an error (PortAudio's or libsndfile's own text and code)
 * is kept per thread until that thread's next failing call: ps_error_detail().
 *
 * What any function may return, and what the caller does about it:
 *
 *   PS_ERR_HANDLE    The handle was freed, by this thread or another one, or never was one of this kind: forget it.
 *                    Never a crash, from any thread, for every function that takes a handle.
 *   PS_ERR_ARGUMENT  A mistake of the caller; the detail names the argument. Nothing has happened. Every count is
 *                    checked: negative, NaN, not whole or too large, and NULL where something is to be copied.
 *   PS_ERR_MEMORY    No memory, or no handle (65535 of all kinds): free something and try again.
 *
 * Others are listed with each function.
 *
 * Threads. "Any thread" means what it says. "Owner" means: one thread at a time, which the caller sees to (in
 * JavaScript: the thread that made the object). "Reader" and "writer" are the two ends of a ring, each one thread at a
 * time. No function here may be called from the audio callback: that code is inside the library. No function blocks
 * except those that say so. After fork() a child has none of it: every call with a handle returns PS_ERR_HANDLE.
 *
 * A program that plays memory, whole. It plays on the built-in device if it is given an argument:
 *
 *   #include <stdio.h>
 *   #include "pastream.h"
 *
 *   static int failed(const char *what) {
 *     char detail[512];
 *     ps_error_detail(detail, sizeof detail);
 *     fprintf(stderr, "%s: %s\n", what, detail);
 *     return 1;
 *   }
 *
 *   // Carries out one command and waits for its end.
 *   static int32_t carry_out(int32_t stream, int32_t command) {
 *     int32_t ticket = ps_stream_command(stream, command);
 *     return ticket < 0 ? ticket : ps_stream_await(stream, ticket);
 *   }
 *
 *   int main(int argc, char **argv) {
 *     enum { FRAMES = 24000, CHANNELS = 2 };
 *     static float samples[FRAMES * CHANNELS];
 *     for (int i = 0; i < FRAMES * CHANNELS; i++) samples[i] = i / CHANNELS % 100 < 50 ? 0.1f : -0.1f;
 *
 *     double config[PS_CONFIG_SIZE];
 *     ps_config_init(config, PS_CONFIG_SIZE);
 *     config[PS_CONFIG_OUTPUT_DEVICE] = argc > 1 && *argv[1] ? PS_DEVICE_VIRTUAL : PS_DEVICE_DEFAULT;
 *     config[PS_CONFIG_OUTPUT_CHANNELS] = CHANNELS;
 *     config[PS_CONFIG_SAMPLE_RATE] = 48000;
 *     int32_t stream = ps_stream_new(config, PS_CONFIG_SIZE, NULL, 0);
 *     if (stream < 0) return failed("making the stream");
 *     if (carry_out(stream, PS_COMMAND_OPEN) < 0) return failed("opening the device");
 *
 *     int32_t memory = ps_ring_new(CHANNELS * sizeof(float), FRAMES, NULL, 0);
 *     if (memory < 0) return failed("making the ring");
 *     if (ps_ring_write(memory, samples, FRAMES) != FRAMES) return failed("filling the ring");
 *     if (ps_ring_end(memory) < 0) return failed("ending the ring");
 *     if (ps_stream_set_source(stream, PS_ENDPOINT_RING, memory, 0, 0) < 0) return failed("setting the source");
 *     if (ps_stream_set_run(stream, PS_FRAMES_ALL, 0, 0, 0) < 0) return failed("setting the run");
 *     if (carry_out(stream, PS_COMMAND_START) < 0) return failed("starting");
 *     if (ps_stream_wait(stream, -1) < 0) return failed("waiting"); // until the last frame was heard
 *     if (ps_stream_error(stream, NULL, 0, NULL, 0) < 0) return failed("playing");
 *
 *     printf("%.0f frames were played\n", ps_stream_number(stream, PS_NUMBER_SOURCE_FRAMES));
 *     if (carry_out(stream, PS_COMMAND_CLOSE) < 0) return failed("closing");
 *     ps_stream_free(stream);
 *     ps_ring_free(memory);
 *     return 0;
 *   }
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
#define PS_ABI_VERSION 3

/* ------------------------------------------------------------------ status */

#define PS_OK 0
#define PS_ERR_HANDLE -1            /* not a live handle of the kind the call takes: the object was closed */
#define PS_ERR_ARGUMENT -2          /* an argument is out of range; the detail names it */
#define PS_ERR_MEMORY -3            /* out of memory, or out of handles */
#define PS_ERR_THREAD -4            /* the system cannot create a thread */
#define PS_ERR_ACTIVE -5            /* not while the stream is running */
#define PS_ERR_BUSY -6              /* the file is in use by a running stream or by another job */
#define PS_ERR_STATE -7             /* the stream is not open (start), or was closed */
#define PS_ERR_PENDING -8           /* the command or job has not ended yet: ask again */
#define PS_ERR_BUFFER_FULL -9       /* a recording had no room left; what fitted is kept */
#define PS_ERR_BUFFER_EMPTY -10     /* the source ended before `frames` frames were played */
#define PS_ERR_DEVICE_NOT_FOUND -11 /* no such device, or no default device of that direction */
#define PS_ERR_DEVICE_LOST -12      /* the device went away, or its server died, while streaming */
#define PS_ERR_PORTAUDIO -13        /* PortAudio rejected a call: PS_ERROR_CODE is its PaErrorCode */
#define PS_ERR_SOUNDFILE -14        /* libsndfile or the system rejected a call: PS_ERROR_CODE is libsndfile's */
#define PS_ERR_NO_PORTAUDIO -15     /* the PortAudio library cannot be loaded: the detail lists what was tried */
#define PS_ERR_NO_SNDFILE -16       /* likewise libsndfile */
#define PS_ERR_XRUN -17             /* an xrun ended the run (PS_RUN_FATAL_XRUNS) */
#define PS_ERR_STALLED -18          /* a pipe took no data while the stream was being ended; the rest was dropped */
#define PS_ERR_UNSUPPORTED -19      /* not on this platform, or not by the installed library */

/* The ABI version of this library: PS_ABI_VERSION. Any thread. Never fails. */
PS_API int32_t ps_abi_version(void);
/* Copies the version of this library ("1.2.3") into `text`, cut to `size` bytes with its terminating zero; returns
 * the full length, so that a caller with too little room can ask again with more. All functions that fill a `text` work
 * alike; `text` may be NULL where `size` is 0. Any thread. */
PS_API int32_t ps_version(char *text, int32_t size);
/* Text of the calling thread's last failing call ("" if the code is all there is to say). Any thread. */
PS_API int32_t ps_error_detail(char *text, int32_t size);
/* A number of the calling thread's last failing call. PS_ERR_ARGUMENT: no such number. Any thread. */
#define PS_ERROR_CODE 0          /* the code of PortAudio or libsndfile; 0 for none */
#define PS_ERROR_HOST_CODE 1     /* the code of the host API beneath PortAudio, or errno (PS_ERR_SOUNDFILE); 0: none */
#define PS_ERROR_HOST_API_TYPE 2 /* that host API's PaHostApiTypeId; -1 for none */
#define PS_ERROR_STATUS 3        /* the PS_ERR_ code, which a function that returns double does not return */
PS_API int32_t ps_error_number(int32_t what);
/* Ends every stream (aborting playback, finishing recordings, at most 2 s), also those that have been freed and that
 * their threads are closing, and closes every file. The library calls it itself when the process exits in order (on
 * Windows it does what it can without its threads, which are gone then); a runtime that ends without C's exit handlers
 * calls it. In a child after fork() it does nothing. Blocks. Any thread. */
PS_API int32_t ps_shutdown(void);
/* What the calling thread makes from now on ends with it, however it ends: streams are closed (recordings are finished,
 * within 2 s), files, rings and wakers are closed, and their handles are given back. Recordings are whole when the
 * system says that the thread has ended; on Windows the rest is done a little later. For the threads of a runtime's
 * workers. PS_ERR_MEMORY. Any thread. */
PS_API int32_t ps_thread_owns(void);
/* How many handles of all kinds but wakers are live; for leak tests. Any thread. */
PS_API int32_t ps_handle_count(void);

/* --------------------------------------------------------------- libraries */

#define PS_LIBRARY_PORTAUDIO 0
#define PS_LIBRARY_SNDFILE 1

/* Where a library was found: in the file that was named, among the system's own, in the bundle that comes with
 * libpastream. */
#define PS_ORIGIN_NAMED 1
#define PS_ORIGIN_SYSTEM 2
#define PS_ORIGIN_BUNDLE 3

/* Loads the library `which` now instead of on first use, from `path` (UTF-8) or, if NULL or empty, from the place that
 * was named, else from where PASTREAM_PORTAUDIO or PASTREAM_SNDFILE in the environment says, else on Linux from the
 * system and then from the bundle, on other systems from the bundle first. Nothing is looked for in the working folder.
 * Does nothing when it is loaded. PS_ERR_NO_PORTAUDIO, PS_ERR_NO_SNDFILE: the detail lists what was tried, a line each;
 * install it or name its file, and call again. Any thread; reads files. */
PS_API int32_t ps_library_load(int32_t which, const char *path);
/* Says where the library `which` will be found when it is loaded: the file `path` (UTF-8) is the only one to try
 * (PS_ORIGIN_NAMED), or stands for the bundle's file beside libpastream (PS_ORIGIN_BUNDLE). NULL or empty takes that
 * back. PS_ERR_ARGUMENT, PS_ERR_MEMORY. No effect when it is loaded. Any thread. */
PS_API int32_t ps_library_place(int32_t which, int32_t origin, const char *path);
/* PS_ORIGIN_* of a loaded library, 0 if it is not loaded. PS_ERR_ARGUMENT. Any thread. */
PS_API int32_t ps_library_origin(int32_t which);
/* Text about a loaded library. Empty if it is not loaded. Any thread. */
#define PS_LIBRARY_VERSION 0 /* its own version text */
#define PS_LIBRARY_PATH 1    /* the file that it was loaded from */
PS_API int32_t ps_library_text(int32_t which, int32_t what, char *text, int32_t size);

/* ------------------------------------------------------------ ring buffers */

/* The ends of a ring. The end that a running stream works is its own: what a reader or writer would do there is
 * PS_ERR_ACTIVE (wait for the end of the run), except ps_ring_end and ps_ring_fail. */
#define PS_END_READER 0
#define PS_END_WRITER 1

/* A lock-free ring of `size` elements (1 to 2147483647) of `element_size` bytes (1 to 65536) for one reader and one
 * writer. Any size goes. `storage` NULL: the library's own memory; else `storage_bytes` of the caller's memory, at
 * least size * element_size, which must stay valid until the handle is freed and no stream uses the ring. Any thread.
 */
PS_API int32_t ps_ring_new(int32_t element_size, double size, void *storage, double storage_bytes);
/* Goes on in other memory with what the ring holds; `storage` as in ps_ring_new. Only while neither end uses it:
 * PS_ERR_ACTIVE if a stream does. After an error the ring is as it was. Owner. */
PS_API int32_t ps_ring_move(int32_t ring, void *storage, double storage_bytes);
/* A second handle of the same ring, to be freed like the first: the ring lives until the last one is freed. For a
 * thread that has a view on its memory (ps_ring_address) and is not the one that made it. Any thread. */
PS_API int32_t ps_ring_share(int32_t ring);
/* Gives the handle back. A stream that uses the ring keeps its memory until it lets go. Any thread, once. */
PS_API int32_t ps_ring_free(int32_t ring);
/* Copies up to `count` elements out and returns how many there were. PS_ERR_ACTIVE. Reader. */
PS_API int32_t ps_ring_read(int32_t ring, void *data, int32_t count);
/* Copies up to `count` elements out but goes forward by what was copied minus `overlap` (never backwards).
 * PS_ERR_ACTIVE. Reader. */
PS_API int32_t ps_ring_read_overlap(int32_t ring, void *data, int32_t count, int32_t overlap);
/* Copies up to `count` elements out without taking them, from the one after the first `from` on; returns how many there
 * were. PS_ERR_ARGUMENT, PS_ERR_ACTIVE. Reader. */
PS_API int32_t ps_ring_peek(int32_t ring, double from, void *data, int32_t count);
/* Copies up to `count` elements in and returns how many fitted. PS_ERR_ACTIVE. Writer. */
PS_API int32_t ps_ring_write(int32_t ring, const void *data, int32_t count);
/* The same for a writer that is to stop when ps_stream_clear drops what it has written: it says how many elements it
 * holds and is going to write, and writes them in any number of calls with the number that ps_ring_hold has returned.
 * Once the ring has been cleared since, these write nothing, return `count`, and what was held counts as dropped.
 * PS_ERR_ACTIVE, PS_ERR_ARGUMENT. Writer. */
PS_API int32_t ps_ring_hold(int32_t ring, int32_t count);
PS_API int32_t ps_ring_write_held(int32_t ring, const void *data, int32_t count, int32_t clears);
/* Elements that can be read or written now. Any thread (exact for the end that asks). */
PS_API int32_t ps_ring_read_available(int32_t ring);
PS_API int32_t ps_ring_write_available(int32_t ring);
/* Moves an end on by up to `count` elements, and returns by how many. PS_ERR_ACTIVE. Reader, writer. */
PS_API int32_t ps_ring_advance_read(int32_t ring, int32_t count);
PS_API int32_t ps_ring_advance_write(int32_t ring, int32_t count);
/* What PS_END_READER can read or PS_END_WRITER can write: regions[0..3] = first offset, first count, second offset,
 * second count, in elements from the start of the storage. At most `count` elements; returns how many. PS_ERR_ACTIVE.
 * Reader, writer. */
PS_API int32_t ps_ring_regions(int32_t ring, int32_t end, int32_t count, int32_t *regions);
/* Address of the storage as a number, for a runtime that can make views on foreign memory. The ring must not be freed
 * while a view lives. NaN: PS_ERR_HANDLE. Any thread. */
PS_API double ps_ring_address(int32_t ring);
/* A number of a ring. Any thread. */
#define PS_RING_SIZE 0         /* elements */
#define PS_RING_ELEMENT_SIZE 1 /* bytes */
#define PS_RING_ENDED 2        /* 1: its writer has ended */
#define PS_RING_ACTIVE 3       /* 1: a running stream uses it */
PS_API int32_t ps_ring_info(int32_t ring, int32_t what);
/* Empties the ring and takes back its end. Only while neither end uses it: PS_ERR_ACTIVE if a stream does. Owner. */
PS_API int32_t ps_ring_flush(int32_t ring);
/* The rate of the frames in the ring, Hz; 0 (as new): that of the stream that it is set for. Looked at when it is set
 * as source or sink. PS_ERR_ARGUMENT, PS_ERR_HANDLE. Owner. */
PS_API int32_t ps_ring_set_rate(int32_t ring, double rate);
/* Says that no more will be written: a stream that finds the ring empty then knows the end of the data from a writer
 * that is late. Writer. */
PS_API int32_t ps_ring_end(int32_t ring);
/* The same of a writer that has failed: the run that plays the ring ends where the ring does, with all of it heard, by
 * PS_ERR_BUFFER_EMPTY, whatever its frames and pad are. Writer. */
PS_API int32_t ps_ring_fail(int32_t ring);

/* ----------------------------------------------------------------- devices */

/* Directions of a stream, in this order wherever both stand. */
#define PS_DIRECTION_INPUT 0
#define PS_DIRECTION_OUTPUT 1
#define PS_DIRECTION_BOTH 2

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

#define PS_HOST_API_TYPE 0 /* PaHostApiTypeId, or PS_HOST_API_TYPE_VIRTUAL */
#define PS_HOST_API_DEVICE_COUNT 1
#define PS_HOST_API_DEFAULT_INPUT 2 /* device index or PS_DEVICE_NONE */
#define PS_HOST_API_DEFAULT_OUTPUT 3
#define PS_HOST_API_INFO_SIZE 4

#define PS_HOST_API_TYPE_VIRTUAL 1000

/* Number of devices, the virtual one included; it is 1 where no backend can be used. Starts PortAudio on its first
 * call, which may take a second. Where a sound server does not answer that is known after 5 s (on Windows and macOS
 * 15 s), and PS_ERR_PORTAUDIO is returned, from then on at once: say so and try later. Any thread; blocks. */
PS_API int32_t ps_device_count(void);
/* Fills info[0..PS_DEVICE_INFO_SIZE) and the name. PS_ERR_ARGUMENT: no such index. PS_ERR_PORTAUDIO as above. Any
 * thread; blocks on first use. */
PS_API int32_t ps_device_info(int32_t device, double *info, int32_t info_size, char *name, int32_t name_size);
/* Copies the name that the device's own sound server gives it, which stays; empty where there is no such name.
 * PS_ERR_ARGUMENT: no such index. Any thread; blocks on first use. */
PS_API int32_t ps_device_id(int32_t device, char *text, int32_t size);
/* Index of the input that records what the default output plays. PS_ERR_DEVICE_NOT_FOUND: there is none. Any thread. */
PS_API int32_t ps_device_loopback(void);
/* PS_OK, or why a host API that belongs here has no devices: PS_ERR_NO_PORTAUDIO, PS_ERR_PORTAUDIO where a sound server
 * does not answer. Any thread; blocks on first use. */
PS_API int32_t ps_device_status(void);
/* Begins to look again which devices there are, and returns the number of that look: it has ended, and the lists above
 * are new, once ps_device_refreshed() is at least that number. Streams that are open go on; indices may change.
 * PS_ERR_THREAD. Any thread. */
PS_API int32_t ps_device_refresh(void);
PS_API int32_t ps_device_refreshed(void);
/* Blocks until that look has ended; returns its number. Any thread. */
PS_API int32_t ps_device_await(int32_t look);
/* Begins to make the lists above on another thread, and returns a number: once ps_device_prepared() is at least that,
 * they can be asked for without blocking. An error of a backend is that of the lists. PS_ERR_THREAD. Any thread. */
PS_API int32_t ps_device_prepare(void);
PS_API int32_t ps_device_prepared(void);
/* 1 starts counting the system's notices of changed devices; 0 undoes one such call. Returns 1 if every change causes a
 * notice, 0 if changes are found only by looking. Any thread. */
PS_API int32_t ps_device_watch(int32_t on);
/* Notices so far. Any thread. */
PS_API int32_t ps_device_notices(void);
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
#define PS_CONFIG_INPUT_LATENCY 8 /* seconds, PS_LATENCY_LOW or PS_LATENCY_HIGH (default) */
#define PS_CONFIG_OUTPUT_LATENCY 9
#define PS_CONFIG_FLAGS 10                /* PS_STREAM_ flags */
#define PS_CONFIG_VIRTUAL_CLOCK 11        /* PS_CLOCK_ */
#define PS_CONFIG_VIRTUAL_DELAY 12        /* loopback delay in frames, or PS_DELAY_BLOCK (default) */
#define PS_CONFIG_INPUT_HOST_SETTINGS 13  /* PS_HOST_ kind of the input's host settings */
#define PS_CONFIG_OUTPUT_HOST_SETTINGS 14 /* likewise for the output */
#define PS_CONFIG_INPUT_HOST_FLAGS 15     /* PS_WASAPI_ or PS_COREAUDIO_ flags, as the kind says */
#define PS_CONFIG_OUTPUT_HOST_FLAGS 16
#define PS_CONFIG_INPUT_CHANNEL_MAP 17  /* how many entries of `list` are the input's channel selectors or map */
#define PS_CONFIG_OUTPUT_CHANNEL_MAP 18 /* likewise the output's; they stand after the input's */
#define PS_CONFIG_FAULTS 19             /* how many faults stand in `list` after them, PS_FAULT_SIZE numbers each */
#define PS_CONFIG_METERS 20             /* 1 (default): levels are measured; 0: not */
#define PS_CONFIG_DEVICE_RATE 21        /* Hz that the device runs at; 0: the sample rate, else the device's default */
#define PS_CONFIG_CONVERSION 22         /* PS_CONVERSION_ where the device does not take the sample rate */
#define PS_CONFIG_VIRTUAL_RATES 23 /* how many rates that the virtual device takes stand in `list` after the faults */
#define PS_CONFIG_FOLLOW 24        /* 1: a run whose device is lost goes on on the default device */
#define PS_CONFIG_INPUT_VIRTUAL_DRIFT 25  /* ppm by which the virtual device's clock is fast */
#define PS_CONFIG_OUTPUT_VIRTUAL_DRIFT 26 /* another one than the input's: two devices, with a clock each */
#define PS_CONFIG_VIRTUAL_SIMULATED 27    /* 1: two virtual devices in simulated time, as fast as they can */
#define PS_CONFIG_SIZE 28

#define PS_CONVERSION_AUTO 0  /* the device runs at its default rate, and rates are converted */
#define PS_CONVERSION_NEVER 1 /* opening fails, with the rates that the device takes in the detail */

#define PS_LATENCY_LOW -1 /* the device's low value */
#define PS_LATENCY_HIGH -2

#define PS_CLOCK_REALTIME 0
#define PS_CLOCK_FREEWHEEL 1

#define PS_DELAY_BLOCK -1 /* one block */

#define PS_STREAM_CLIP_OFF 1
#define PS_STREAM_DITHER_OFF 2
#define PS_STREAM_NEVER_DROP_INPUT 4
#define PS_STREAM_PRIME_OUTPUT 8

#define PS_HOST_NONE 0
#define PS_HOST_ASIO 1 /* list: channel selectors */
#define PS_HOST_WASAPI 2
#define PS_HOST_COREAUDIO 3 /* list: channel map */
#define PS_WASAPI_EXCLUSIVE 1
#define PS_WASAPI_AUTO_CONVERT 2
#define PS_COREAUDIO_CHANGE_DEVICE 1      /* change the device's parameters */
#define PS_COREAUDIO_FAIL_IF_CONVERSION 2 /* fail if a conversion is required */

/* One fault in `list`. */
#define PS_FAULT_FRAME 0   /* at which it comes */
#define PS_FAULT_KIND 1    /* below */
#define PS_FAULT_FRAMES 2  /* that an overflow or underflow loses */
#define PS_FAULT_SECONDS 3 /* of a stall */
#define PS_FAULT_SIZE 4
#define PS_FAULT_INPUT_OVERFLOW 0
#define PS_FAULT_OUTPUT_UNDERFLOW 1
#define PS_FAULT_STALL 2
#define PS_FAULT_DEVICE_LOST 3

/* Fills `config` with the defaults above. PS_ERR_ARGUMENT if `size` is not PS_CONFIG_SIZE. Any thread. */
PS_API int32_t ps_config_init(double *config, int32_t size);
/* PS_OK if such a stream could be opened, else the error of opening it. Any thread; may block for a second, and
 * for 5 s where a sound server does not answer (on Windows and macOS 10 s). */
PS_API int32_t ps_check_settings(const double *config, int32_t size, const double *list, int32_t list_size);
/* A stream of that configuration; both directions make it duplex. Nothing is opened yet. `list` holds channel
 * selectors and faults, as the configuration says. Checks the numbers only: PS_COMMAND_OPEN tells
 * whether the devices exist. PS_ERR_THREAD. Any thread. */
PS_API int32_t ps_stream_new(const double *config, int32_t size, const double *list, int32_t list_size);
/* What a desktop's mixer shows of the stream, in UTF-8, cut after 127 bytes: only PulseAudio
 * uses it. Before PS_COMMAND_OPEN: PS_ERR_STATE. PS_ERR_ARGUMENT, PS_ERR_HANDLE: mend the call. Owner. */
#define PS_TEXT_APPLICATION 0
#define PS_TEXT_STREAM 1
#define PS_TEXT_ICON 2 /* a name of the desktop's icon theme */
#define PS_TEXT_ROLE 3 /* "music", "phone", "game", … */
#define PS_TEXT_COUNT 4
PS_API int32_t ps_stream_set_text(int32_t stream, int32_t what, const char *text);
/* Gives the handle back. A stream that is not closed is closed after this call, by its own thread. Owner, once. */
PS_API int32_t ps_stream_free(int32_t stream);

/* A stream is in one of these states. Commands lead from one to another; START is refused with PS_ERR_ACTIVE while a
 * run is on, and OPEN with PS_ERR_STATE except for the first one.
 *
 *   state      means                                  goes on to                                   allowed
 *   NEW        not opened yet                         OPEN: IDLE                                    gain
 *   IDLE       open, never started                    START: STARTING; CLOSE: CLOSING               set_*, map, gain
 *   STARTING   the source is read ahead, the device   by itself: ACTIVE, or back if it fails;       drain, map, gain
 *              is being started                       STOP, ABORT, CLOSE: ENDING
 *   ACTIVE     frames go through the callback         by itself, STOP, ABORT, CLOSE: ENDING         drain, next_file,
 *                                                                                                map, gain
 *   ENDING     the last frame has gone through the    by itself: one of the next three;             map, gain
 *              callback; device and files are being   ABORT, CLOSE: sooner
 *              finished
 *   COMPLETED  the run ended by itself                START: STARTING; CLOSE: CLOSING               set_*, map, gain
 *   STOPPED    by STOP                                likewise                                      likewise
 *   ABORTED    by ABORT, or by an error:              likewise                                      likewise
 *              ps_stream_error
 *   CLOSING    the device is being closed             by itself: CLOSED
 *   CLOSED     the device is closed                   ps_stream_free
 *
 * ps_stream_free in any state closes the stream first. Numbers, levels, glitches, timing, state and error may be
 * asked in every state; they keep the values of the last run. */
#define PS_STATE_NEW 0
#define PS_STATE_IDLE 1
#define PS_STATE_STARTING 2
#define PS_STATE_ACTIVE 3
#define PS_STATE_ENDING 4
#define PS_STATE_COMPLETED 5
#define PS_STATE_STOPPED 6
#define PS_STATE_ABORTED 7
#define PS_STATE_CLOSED 8
#define PS_STATE_CLOSING 9

/* Commands are carried out one after the other by the stream's own thread; the call only hands them over. */
#define PS_COMMAND_OPEN 1 /* open the device */
/* Start a run as ps_stream_set_ has it; PS_ERR_ACTIVE while one is running, PS_ERR_BUSY if another stream runs with a
 * ring or file of it. */
#define PS_COMMAND_START 2
#define PS_COMMAND_STOP 3  /* play what the device has, end the run, finish the files */
#define PS_COMMAND_ABORT 4 /* drop what the device has, end the run, finish the files; also of a run that is ending */
#define PS_COMMAND_CLOSE 5 /* abort if need be, close the device, release rings and files */
/* Returns a ticket (>= 0) for ps_stream_done. STOP and ABORT take effect at once even while START is under way; on a
 * stream that is not running they do nothing. PS_ERR_BUSY: 32 are waiting, so wait for one of them
 * (a CLOSE is accepted even then). Any thread. */
PS_API int32_t ps_stream_command(int32_t stream, int32_t command);
/* PS_OK or the error of the command with that ticket, or PS_ERR_PENDING: ask again. The errors of OPEN are PS_ERR_STATE
 * (opened before), PS_ERR_ARGUMENT (settings that do not go with the device), PS_ERR_DEVICE_NOT_FOUND,
 * PS_ERR_NO_PORTAUDIO, PS_ERR_PORTAUDIO: the stream stays NEW and can be opened later. Those of START are PS_ERR_STATE,
 * PS_ERR_ACTIVE, PS_ERR_BUSY, PS_ERR_THREAD, PS_ERR_PORTAUDIO, PS_ERR_DEVICE_LOST (close the stream), PS_ERR_SOUNDFILE:
 * the state is what it was before. PS_ERR_ARGUMENT also: not one of the last 64 tickets. Owner. */
PS_API int32_t ps_stream_done(int32_t stream, int32_t ticket);
/* Waits until that command has ended and returns as ps_stream_done. Owner; blocks. */
PS_API int32_t ps_stream_await(int32_t stream, int32_t ticket);
/* Waits until no command waits or is under way and no run is on (state not STARTING, ACTIVE or ENDING), at most
 * `seconds` (< 0: for ever), and returns 1, or 0 if time ran out. Any thread; blocks. */
PS_API int32_t ps_stream_wait(int32_t stream, double seconds);

/* The source ends, and the run completes when all of it has been played: what is in the ring now, the rest of this
 * pass of a loop, a file to its end; no pad follows, and fewer frames than were set are not an error. In the
 * state STARTING it ends the wait for a source's first frames, and may be too early for the rest: call it again once
 * it is ACTIVE. Does nothing in other states. Owner. */
PS_API int32_t ps_stream_drain(int32_t stream);
/* One of the PS_STATE_. Any thread. */
PS_API int32_t ps_stream_state(int32_t stream);

/* What is played and recorded; before a start. What sets something for the next run returns PS_ERR_ACTIVE while one is
 * on, or a START or CLOSE waits (wait for its end), and PS_ERR_STATE while the device is not open. */
#define PS_ENDPOINT_NONE 0
#define PS_ENDPOINT_RING 1   /* `object` is a ring whose elements are frames of the stream's sample format */
#define PS_ENDPOINT_FILE 2   /* `object` is a file; a thread moves its frames */
#define PS_SOURCE_LOOP 1     /* ring: play its contents over and over without taking them out; file: seek to start */
#define PS_SOURCE_COMPLETE 2 /* the ring counts as ended, whatever its flag says */
#define PS_SINK_DROP 1       /* no room: drop the newest frames, count and log them, go on */
#define PS_SINK_MEMORY 2     /* the ring is not read during the run: freewheeling does not wait for room in it */
#define PS_SINK_ENDS_RUN 4   /* of ps_stream_add_sink: no room ends the run, as it does for the sink of the run */
/* The ring or file to play or to record into; PS_ENDPOINT_NONE takes it away. It may have a rate of its own (a file's,
 * or that of ps_ring_set_rate when this is called) and other channels than the stream: it is converted, a mono source
 * plays on all channels, two channels become one by their mean, as long as no map is set. With a map that decides, and
 * what is recorded gets its first entries. The numbers of frames of ps_stream_set_run are the stream's then, those of
 * the ring (and heard, queued and cleared frames) its own. For a file `flags` of the source are PS_SOURCE_LOOP, and
 * `between` is the ring to stand between file and callback, which is emptied at a start (0: one of the library's own);
 * for a ring it is 0. PS_ERR_HANDLE (also the object), PS_ERR_ARGUMENT (element size or channels do not fit, or the
 * rate where conversion is PS_CONVERSION_NEVER; a file that cannot loop; an empty ring with PS_SOURCE_LOOP; no such
 * direction or kind), PS_ERR_ACTIVE, PS_ERR_STATE; what was set before stays then. Owner. */
PS_API int32_t ps_stream_set_source(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between);
PS_API int32_t ps_stream_set_sink(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between);

/* One more sink, for this run from its next block on and for all that come, until it is removed; at most 16. `kind`,
 * `object` and `between` are those of ps_stream_set_sink. A sink without room ends alone, with PS_TAP_FULL, unless
 * `flags` say PS_SINK_DROP or PS_SINK_ENDS_RUN. It skips `offset` frames, and ends `frames` (< 0: never) frames after
 * its first one. Returns the sink's number (> 0). PS_ERR_STATE (not open), PS_ERR_BUSY (there are 16; or another run
 * has the ring or the file), PS_ERR_HANDLE, PS_ERR_ARGUMENT. Owner. */
PS_API int32_t ps_stream_add_sink(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between,
                                  double offset, double frames);
/* The sink gets nothing from the next block on; its file is flushed and given back then. ps_stream_sink tells when that
 * is done. Does nothing to one that has been removed. PS_ERR_ARGUMENT: there is no such sink. Owner. */
PS_API int32_t ps_stream_remove_sink(int32_t stream, int32_t sink);
#define PS_TAP_WAITING 0 /* set; its first block is still to come */
#define PS_TAP_ACTIVE 1
#define PS_TAP_ENDED 2  /* it has had `frames` frames */
#define PS_TAP_FULL 3   /* its ring had no more room: it has ended, the run goes on */
#define PS_TAP_FAILED 4 /* its file could not be written; the error's detail is set on the calling thread */
#define PS_TAP_REMOVED 5
#define PS_TAP_STATE 0   /* one of the above, */
#define PS_TAP_FRAMES 1  /* frames that it got in this run or the last, */
#define PS_TAP_DROPPED 2 /* that it lost, */
#define PS_TAP_FIRST 3   /* the frame of the run that was its first; -1: it has had none, */
#define PS_TAP_USED 4    /* 0 once it has been removed and released */
#define PS_TAP_NUMBERS 5
/* Numbers 0 .. count-1 of a sink. PS_ERR_ARGUMENT: there is no such sink. Owner. */
PS_API int32_t ps_stream_sink(int32_t stream, int32_t sink, double *numbers, int32_t count);

/* Drops what the source has written until now: what is playing fades out over `fade` frames. Of a ring all that was
 * written, by a ps_ring_write that is going on as well, and what is held for it (ps_ring_hold); memory that is looped,
 * a ring that has ended, and a file end there. That is not a PS_ERR_BUFFER_EMPTY. The run goes on. Returns the
 * request's number (> 0), or 0 if nothing is being played. PS_ERR_ARGUMENT. Owner. */
PS_API int32_t ps_stream_clear(int32_t stream, double fade);
/* 1 once a request has been carried out, or the run has ended; else 0. Owner. */
PS_API int32_t ps_stream_cleared(int32_t stream, int32_t request);

#define PS_FRAMES_ALL -1 /* as many as the source has; as a result: not known */
#define PS_PAD_FOREVER -1
#define PS_RUN_FATAL_XRUNS 1 /* the first xrun ends the run with PS_ERR_XRUN */
/* Frames (or PS_FRAMES_ALL), pad (or PS_PAD_FOREVER) and offset of the next run, whole numbers up to 9e15, whose
 * numbers begin at 0 from now on. PS_ERR_ACTIVE, PS_ERR_STATE. Owner. */
PS_API int32_t ps_stream_set_run(int32_t stream, double frames, double pad, double offset, int32_t flags);
/* Frames that the source has to have in its ring before the device starts, unless it ends before that: at most the
 * whole ring. Negative (default): half the ring for a file, 0 for a ring. Also from the moment when START is handed
 * over, and in the state STARTING, in which it ends the wait. PS_ERR_ACTIVE, PS_ERR_STATE. Owner. */
PS_API int32_t ps_stream_set_prebuffer(int32_t stream, double frames);
/* Frames of silence that the next run plays before it asks the source, for one that needs the input first. They are no
 * frames of the source; a drain ends them. Setting a source sets them to 0. PS_ERR_ACTIVE, PS_ERR_STATE. Owner. */
PS_API int32_t ps_stream_set_lead(int32_t stream, double frames);

/* Channel map: out[i] = in[map[i] - 1], 0 is silence. PS_DIRECTION_INPUT: recorded channel i from device channel
 * map[i]; PS_DIRECTION_OUTPUT: device channel i from source channel map[i]. `count` is the channel count; NULL with
 * 0: identity. Takes effect whole at the next block. PS_ERR_STATE: not open. Owner. */
PS_API int32_t ps_stream_set_map(int32_t stream, int32_t direction, const int32_t *map, int32_t count);
/* Linear gain of what is played; 1 (default) leaves every bit as it is. PS_ERR_ARGUMENT: it is not finite. Any
 * thread. */
PS_API int32_t ps_stream_set_gain(int32_t stream, double gain);

/* Switches a running file recording to `file`; no frame is lost between the two. The new file begins at frame `at` of
 * the recording, counted from its first frame, or with the next block if that frame is already written (PS_NEXT_BLOCK
 * always is). A recording that ends before `at` leaves the new file without frames. The old file is finished and given
 * back. PS_ERR_STATE (no file is being recorded), PS_ERR_BUSY (`file` is in use, or an earlier switch is pending: ask
 * ps_stream_next_file_at until it has happened), PS_ERR_ARGUMENT (channels, `at`). Owner. */
#define PS_NEXT_BLOCK -1
PS_API int32_t ps_stream_next_file(int32_t stream, int32_t file, double at);
/* The frame of the recording (counted from its first frame) at which the newest file begins. NaN: PS_ERR_PENDING while
 * the old file is not finished, ask again. Owner. */
PS_API double ps_stream_next_file_at(int32_t stream);

/* One number of a stream, all since the last start; the last five are those of a callback, and mean nothing before the
 * first. NaN: PS_ERR_ARGUMENT, PS_ERR_HANDLE. Any thread. */
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
#define PS_NUMBER_TOTAL_FRAMES 16   /* frames the run will have; PS_FRAMES_ALL while that is not known */
#define PS_NUMBER_SINCE_CALLBACK 17 /* seconds since the last callback began */
#define PS_NUMBER_BLOCK_FRAMES 18   /* frames of the last callback */
#define PS_NUMBER_BLOCK_FRAME 19    /* frameCount at the start of the last callback */
#define PS_NUMBER_BLOCK_ADC_TIME 20 /* stream time at which its first input frame was captured */
#define PS_NUMBER_BLOCK_DAC_TIME 21 /* stream time at which its first output frame will be played */
#define PS_NUMBER_HEARD_FRAMES 22   /* frames of the source that have been heard, */
#define PS_NUMBER_QUEUED_FRAMES 23  /* in its ring, or played and not heard yet (INFINITY: a loop), */
#define PS_NUMBER_CLEARED_FRAMES 24 /* that ps_stream_clear has dropped, */
#define PS_NUMBER_CLEARED_AT 25     /* and that had been taken to be played when it did so last */
#define PS_NUMBER_CLEARS 26         /* requests of ps_stream_clear, ever */
#define PS_NUMBER_COUNT 27
PS_API double ps_stream_number(int32_t stream, int32_t what);
/* Numbers 0 .. count-1 at once, at most PS_NUMBER_COUNT. Any thread. */
PS_API int32_t ps_stream_numbers(int32_t stream, double *numbers, int32_t count);

/* What the device really gave: the first `count` of these. PS_ERR_STATE: not opened yet. Any thread. */
#define PS_ACTUAL_INPUT_DEVICE 0 /* index, or PS_DEVICE_NONE; PS_DEVICE_VIRTUAL where that was asked for */
#define PS_ACTUAL_OUTPUT_DEVICE 1
#define PS_ACTUAL_INPUT_CHANNELS 2
#define PS_ACTUAL_OUTPUT_CHANNELS 3
#define PS_ACTUAL_SAMPLE_RATE 4
#define PS_ACTUAL_BLOCK_SIZE 5    /* as asked for: 0 if the device decides */
#define PS_ACTUAL_INPUT_LATENCY 6 /* seconds */
#define PS_ACTUAL_OUTPUT_LATENCY 7
#define PS_ACTUAL_DEVICE_RATE 8 /* of the device; PS_ACTUAL_SAMPLE_RATE unless rates are converted */
#define PS_ACTUAL_INPUT_RATE 9  /* of an input device with a clock of its own, brought to the output's clock; else 0 */
#define PS_ACTUAL_SIZE 10
PS_API int32_t ps_stream_actual(int32_t stream, double *actual, int32_t count);

/* Peak and RMS per channel since this direction was last asked (full scale = 1): PS_LEVEL_SIZE numbers each. At most
 * `channels`, of the input, the output, or the input and then the output (PS_DIRECTION_BOTH); returns how many channels
 * there are, 0 where nothing is measured. Owner. */
#define PS_LEVEL_PEAK 0
#define PS_LEVEL_RMS 1
#define PS_LEVEL_SIZE 2
PS_API int32_t ps_stream_levels(int32_t stream, int32_t direction, double *levels, int32_t channels);

/* One glitch. */
#define PS_GLITCH_FRAME 0
#define PS_GLITCH_TIME 1   /* of the stream's clock, seconds */
#define PS_GLITCH_KIND 2   /* below; of a sink that was added PS_GLITCH_SINK times its place more */
#define PS_GLITCH_FRAMES 3 /* 0: the device does not say */
#define PS_GLITCH_SIZE 4
#define PS_GLITCH_INPUT_UNDERFLOW 0
#define PS_GLITCH_INPUT_OVERFLOW 1
#define PS_GLITCH_OUTPUT_UNDERFLOW 2
#define PS_GLITCH_OUTPUT_OVERFLOW 3
#define PS_GLITCH_SOURCE_UNDERFLOW 4
#define PS_GLITCH_SINK_OVERFLOW 5
#define PS_GLITCH_REROUTED 6   /* the device was lost, and the stream went on on another one */
#define PS_GLITCH_SINK 256     /* times 1 + the remainder of the sink's number by 16 */
#define PS_GLITCH_DEVICE_GAP 7 /* the stream was moved or paused behind the device, or that stood still */
/* The newest glitches, at most 256 and at most `count`, oldest first, PS_GLITCH_SIZE numbers each; returns how many.
 * Any thread. */
PS_API int32_t ps_stream_glitches(int32_t stream, double *glitches, int32_t count);

/* Callback timing, the first `count` of these, in seconds. Returns the number of callbacks measured. Any thread. */
#define PS_TIMING_LATE_P50 0 /* how late a callback came: median, */
#define PS_TIMING_LATE_P99 1 /* 99th percentile, */
#define PS_TIMING_LATE_MAX 2 /* maximum */
#define PS_TIMING_TOOK_P50 3 /* how long it took, likewise */
#define PS_TIMING_TOOK_P99 4
#define PS_TIMING_TOOK_MAX 5
#define PS_TIMING_SIZE 6
PS_API int32_t ps_stream_timing(int32_t stream, double *timing, int32_t count);

/* The error that ended the last run, PS_OK if none did; its text, and the first `count` of its PS_ERROR_ numbers with
 * it. Any thread. */
PS_API int32_t ps_stream_error(int32_t stream, char *text, int32_t size, int32_t *numbers, int32_t count);

/* Seconds until the ring of a sink (0: of the run; else of ps_stream_add_sink) will hold `frames` readable frames, as
 * predicted from the last callbacks; 0 if it does now or the run has ended, at most 0.25. For aiming a timer. NaN:
 * PS_ERR_HANDLE, PS_ERR_ARGUMENT. Owner. */
PS_API double ps_stream_due(int32_t stream, int32_t sink, double frames);
/* Lets a waker wake the calling thread once, when what is asked for of a stream has come, and from now on whenever it
 * changes: a command or the run has ended, a sink has been let go of, the next file has begun. Returns 1, or 0 where it
 * is there already or no more will come, and at the first call for this stream: the caller looks (again), and goes on
 * to wait by another call. Of a job, an opening or an incoming file only PS_WAKE_CHANGE can be waited for: it has
 * ended, it is open, so much has been read that the caller has to take some, or half of the room for what arrives is
 * free again. PS_ERR_HANDLE, PS_ERR_ARGUMENT, PS_ERR_BUSY (8 threads wait for it). Any thread. */
#define PS_WAKE_ROOM -1   /* `frames` frames have room in the ring of the source */
#define PS_WAKE_CHANGE -2 /* nothing else; or, >= 0, the ring of that sink (as for ps_stream_due) has `frames` frames */
#define PS_WAKE_HEARD -3  /* `frames` frames of the source should have been heard (PS_NUMBER_HEARD_FRAMES) */
#define PS_WAKE_BLOCK -4  /* `frames` frames more of the run have been processed, and all of their block */
PS_API int32_t ps_wake(int32_t object, int32_t waker, int32_t what, double frames);

/* A waker is a thread's own. It is woken for an object (ps_wake), and asks then for which: one after the other, until 0
 * is returned. Until then it is not woken again. PS_ERR_THREAD, PS_ERR_MEMORY; PS_ERR_HANDLE. Owner. */
PS_API int32_t ps_waker_new(void);
PS_API int32_t ps_waker_next(int32_t waker);
PS_API int32_t ps_waker_free(int32_t waker);
/* How it is woken: a byte comes out of this descriptor, a socket, which is the caller's to close. PS_ERR_UNSUPPORTED on
 * Windows; PS_ERR_STATE: at the second call. Owner. */
PS_API int32_t ps_waker_descriptor(int32_t waker);
/* Or, without a descriptor: waits to be woken, at most `seconds` (< 0: for ever); returns whether it was. Blocks, until
 * woken, or by ps_waker_kick, or freed. Any thread. */
PS_API int32_t ps_waker_wait(int32_t waker, double seconds);
PS_API int32_t ps_waker_kick(int32_t waker);

/* Stream time at which the device captured frame number `frame` of this run, computed from the last callback, and from
 * those before it if the device has since stalled or lost something for more than 20 ms.
 * NaN: PS_ERR_STATE (not opened yet), PS_ERR_HANDLE, PS_ERR_ARGUMENT. Any thread. */
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
#define PS_FILE_FRAMES 3 /* PS_FRAMES_ALL: cannot be known (a pipe) */
#define PS_FILE_SEEKABLE 4
#define PS_FILE_COMPRESSION_LEVEL 5 /* in: 0..1, or -1 */
#define PS_FILE_BITRATE_MODE 6      /* in: PS_BITRATE_, or -1 */
#define PS_FILE_INFO_SIZE 7

#define PS_BITRATE_CONSTANT 0
#define PS_BITRATE_AVERAGE 1
#define PS_BITRATE_VARIABLE 2

/* Opens a file by path (UTF-8), descriptor, or from a copy of `bytes` bytes of memory (NULL, 0 with a writing mode: a
 * file that grows in memory). info[] is read for writing and RAW and filled with what the file has. A descriptor is
 * not closed with the file unless `own` is 1. A pipe is read and written as it comes, without seeking. An open that
 * fails leaves no new file behind. PS_ERR_SOUNDFILE, PS_ERR_NO_SNDFILE, PS_ERR_ARGUMENT. Any thread; reads files. */
PS_API int32_t ps_file_open(const char *path, int32_t mode, double *info, int32_t info_size);
PS_API int32_t ps_file_open_descriptor(int32_t descriptor, int32_t own, int32_t mode, double *info, int32_t info_size);
PS_API int32_t ps_file_open_memory(const void *data, double bytes, int32_t mode, double *info, int32_t info_size);
/* 1 if ps_file_open may have to wait for another process, because the path is that of a pipe, a socket or a device;
 * else 0. Any thread. */
PS_API int32_t ps_file_may_wait(const char *path);
/* ps_file_open on a thread of its own, for callers that must not wait: returns an opening. PS_ERR_ARGUMENT,
 * PS_ERR_MEMORY, PS_ERR_THREAD. Any thread; the file belongs to it, too. */
PS_API int32_t ps_opening_new(const char *path, int32_t mode, const double *info, int32_t info_size);
/* The same for ps_file_open_descriptor with `own` 0. The descriptor must stay open until the opening is done. */
PS_API int32_t ps_opening_of_descriptor(int32_t descriptor, int32_t mode, const double *info, int32_t info_size);
/* The same for ps_file_open_memory, for reading: returns an opening that is to be given so many bytes. */
PS_API int32_t ps_opening_of_bytes(double bytes, const double *info, int32_t info_size);
/* Copies the next bytes of the file; with the last ones it is opened. PS_ERR_ARGUMENT: there are more than were
 * announced. PS_ERR_BUSY, PS_ERR_THREAD. Owner. */
PS_API int32_t ps_opening_write(int32_t opening, const void *data, int32_t bytes);
/* The file, which is the caller's from then on, or why it could not be opened, as ps_file_open says it. PS_ERR_PENDING:
 * ask again. PS_ERR_STATE: it has been handed over before. Owner. */
PS_API int32_t ps_opening_done(int32_t opening);
/* Gives the handle back, and does not wait: a file that is opened later, or was not handed over, is closed; a pipe is
 * not waited for any longer. Owner. */
PS_API int32_t ps_opening_free(int32_t opening);
/* Closes the file and gives the handle back. PS_ERR_BUSY while a stream or job uses it, or for a moment ps_shutdown of
 * another thread: the handle is still the caller's then. Owner. */
PS_API int32_t ps_file_close(int32_t file);
/* Ends the sound file but keeps the handle, for the bytes of a file in memory. PS_ERR_BUSY. Owner. */
PS_API int32_t ps_file_finish(int32_t file);
/* Fills info[] with what the file has now. PS_ERR_HANDLE. Owner; allowed while a stream uses the file. */
PS_API int32_t ps_file_info(int32_t file, double *info, int32_t info_size);
/* Reads or writes up to `frames` frames of PS_FORMAT_ samples; returns how many. Integer samples are scaled to and
 * from full scale, floating point is clipped when it is written as integers, NaN as 0. PS_ERR_BUSY, PS_ERR_SOUNDFILE.
 * Owner. */
PS_API int32_t ps_file_read(int32_t file, void *data, int32_t frames, int32_t format);
PS_API int32_t ps_file_write(int32_t file, const void *data, int32_t frames, int32_t format);
#define PS_WHENCE_START 0
#define PS_WHENCE_POSITION 1
#define PS_WHENCE_END 2
/* Goes to a frame, counted from `whence`; returns the new position. In a file that is written it may be beyond the
 * end: what is written there is preceded by silence. NaN: PS_ERR_BUSY, PS_ERR_SOUNDFILE, PS_ERR_ARGUMENT,
 * PS_ERR_HANDLE. Owner. */
PS_API double ps_file_seek(int32_t file, double frames, int32_t whence);
/* The position. NaN: PS_ERR_HANDLE. Owner; allowed while a stream uses the file. */
PS_API double ps_file_tell(int32_t file);
/* Cuts the file to `frames` frames and goes to its end. Owner. */
PS_API int32_t ps_file_truncate(int32_t file, double frames);
/* Writes buffers and header out to the file and the file to the disk. Owner. */
PS_API int32_t ps_file_flush(int32_t file);
/* A tag, by libsndfile's number. get returns its length, 0 for none. Owner; get is allowed while a stream uses the
 * file. */
#define PS_TAG_TITLE 1
#define PS_TAG_COPYRIGHT 2
#define PS_TAG_SOFTWARE 3
#define PS_TAG_ARTIST 4
#define PS_TAG_COMMENT 5
#define PS_TAG_DATE 6
#define PS_TAG_ALBUM 7
#define PS_TAG_LICENSE 8
#define PS_TAG_TRACK_NUMBER 9
#define PS_TAG_GENRE 16
PS_API int32_t ps_file_get_string(int32_t file, int32_t tag, char *text, int32_t size);
PS_API int32_t ps_file_set_string(int32_t file, int32_t tag, const char *text);
/* The bytes of a file in memory from `offset` on: copies up to `size` of them, and returns how many there are from
 * there on (at most INT32_MAX). PS_ERR_ARGUMENT (not in memory), PS_ERR_BUSY. Owner. */
PS_API int32_t ps_file_bytes(int32_t file, double offset, void *data, int32_t size);

/* Cue point number `index`: cue[0..PS_CUE_SIZE) and its name; returns how many cue points the file has. Owner. */
#define PS_CUE_ID 0
#define PS_CUE_FRAME 1
#define PS_CUE_SIZE 2
PS_API int32_t ps_file_cue(int32_t file, int32_t index, double *cue, int32_t size, char *name, int32_t name_size);

/* The instrument chunk for samplers: PS_INSTRUMENT_SIZE numbers, then PS_LOOP_SIZE for each loop. Fills up to `count`
 * and returns how many there are, 0 for a file without. Owner. */
#define PS_INSTRUMENT_GAIN 0
#define PS_INSTRUMENT_BASE_NOTE 1 /* MIDI notes, here and in keys */
#define PS_INSTRUMENT_DETUNE 2    /* cents */
#define PS_INSTRUMENT_LOW_VELOCITY 3
#define PS_INSTRUMENT_HIGH_VELOCITY 4
#define PS_INSTRUMENT_LOW_KEY 5
#define PS_INSTRUMENT_HIGH_KEY 6
#define PS_INSTRUMENT_SIZE 7
#define PS_LOOP_MODE 0 /* below */
#define PS_LOOP_START 1
#define PS_LOOP_END 2
#define PS_LOOP_COUNT 3 /* 0: for ever */
#define PS_LOOP_SIZE 4
#define PS_LOOP_NONE 0
#define PS_LOOP_FORWARD 1
#define PS_LOOP_BACKWARD 2
#define PS_LOOP_ALTERNATING 3
PS_API int32_t ps_file_loops(int32_t file, double *numbers, int32_t count);

/* The broadcast extension of a WAV file (EBU Tech 3285): one of its texts, and up to `count` of its PS_BROADCAST_SIZE
 * numbers. Returns 0 for a file without, else the length of the text plus 1. Owner. */
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
/* libsndfile's log of the file's headers. Owner. */
PS_API int32_t ps_file_log(int32_t file, char *text, int32_t size);

/* The same off the caller's thread. A job has the file until it has ended: other calls return PS_ERR_BUSY. */
/* Starts reading `frames` frames (PS_FRAMES_ALL: to the end); returns a job. PS_ERR_BUSY, PS_ERR_MEMORY,
 * PS_ERR_THREAD. Owner. */
PS_API int32_t ps_job_read(int32_t file, double frames, int32_t format);
/* Starts writing a copy of `frames` frames; returns a job. Owner. */
PS_API int32_t ps_job_write(int32_t file, const void *data, double frames, int32_t format);
/* Starts ps_file_finish, which for some formats and disks takes long; returns a job. Owner. */
PS_API int32_t ps_job_finish(int32_t file);
/* Frames done when the job has ended. NaN: its error, or PS_ERR_PENDING: ask again. Owner. */
PS_API double ps_job_done(int32_t job);
/* Copies up to `frames` frames of what has been read and not taken yet into `data`, which has room for as many, and no
 * more than half a mebibyte; returns how many. They have to be taken while the job runs: it does not read far ahead.
 * Owner. */
PS_API int32_t ps_job_take(int32_t job, void *data, double frames);
/* Ends the job, if it has not ended, after the block that it is at, and gives the handle back. Owner. */
PS_API int32_t ps_job_free(int32_t job);

/* A sound file whose bytes arrive piece by piece, as a download. One call makes room for `bytes` bytes (at most 64 MiB)
 * that have not been decoded yet; returns a handle. PS_ERR_ARGUMENT, PS_ERR_MEMORY. Any thread. */
PS_API int32_t ps_incoming_new(int32_t bytes);
/* Copies in as many of `bytes` bytes as there is room for, and returns how many: never waits. PS_ERR_BUSY (another call
 * does it now), PS_ERR_HANDLE. Owner. */
PS_API int32_t ps_incoming_write(int32_t incoming, const void *data, int32_t bytes);
/* Bytes that have been written and have not been taken yet. PS_ERR_HANDLE. Owner. */
PS_API int32_t ps_incoming_waiting(int32_t incoming);
/* No more bytes come. PS_INCOMING_CUT_OFF: some are missing, so that reads of the file fail after the frames that are
 * there, with the number of the frame. PS_INCOMING_LEFT: no more is wanted than has been decoded, that is no failure.
 * Only the first call counts. PS_ERR_ARGUMENT, PS_ERR_HANDLE. Owner. */
#define PS_INCOMING_WHOLE 0
#define PS_INCOMING_CUT_OFF 1
#define PS_INCOMING_LEFT 2
PS_API int32_t ps_incoming_end(int32_t incoming, int32_t how);
/* Starts opening the file for reading, with the info[] of ps_file_open, on a thread of its own, which waits for the
 * header: once. Formats that are read only as a whole are kept in memory, up to 256 MiB. `name` stands in messages.
 * PS_ERR_STATE (a second time), PS_ERR_THREAD, PS_ERR_MEMORY, PS_ERR_ARGUMENT. Owner. */
PS_API int32_t ps_incoming_open(int32_t incoming, const char *name, const double *info, int32_t info_size);
/* The file, when it has been opened: it is the caller's from then on, and closed by ps_file_close. PS_ERR_PENDING: ask
 * again; or why it could not be opened. PS_ERR_STATE: it has been handed over before. Owner. */
PS_API int32_t ps_incoming_opened(int32_t incoming);
/* Gives the handle back, and ends an opening that waits. A file that was handed over is cut off after the bytes that
 * have come, unless their end had come. Owner. */
PS_API int32_t ps_incoming_free(int32_t incoming);

/* What bytes are that may be samples or a sound file, by how they begin. `whole`: there are no others behind them.
 * PS_BYTES_UNDECIDED asks for more: 4096 bytes are always enough. PS_ERR_SOUNDFILE: encoded sound that no codec reads;
 * the detail says which, and what to do. Any thread. */
#define PS_BYTES_SAMPLES 0
#define PS_BYTES_SOUND_FILE 1
#define PS_BYTES_UNDECIDED 2
PS_API int32_t ps_bytes_recognize(const void *data, int32_t bytes, int32_t whole);

#define PS_FORMATS_MAJOR 0
#define PS_FORMATS_SUBTYPE 1
/* Formats of the installed libsndfile of one kind. count returns how many; info returns its format
 * word and fills text with its name and, after a tab, its file extension. PS_ERR_NO_SNDFILE. Any thread. */
PS_API int32_t ps_format_count(int32_t kind);
PS_API int32_t ps_format_info(int32_t kind, int32_t index, char *text, int32_t size);
/* 1 if libsndfile can write such a file, 0 if not. Any thread. */
PS_API int32_t ps_format_check(int32_t format, int32_t channels, double sample_rate);

#ifdef __cplusplus
}
#endif
#endif
