// Every function of c/pastream.h, each under its C declaration. Three kinds of values pass the door: int32_t (i32),
// double (f64) and pointers to the caller's memory (buffer: a typed array or null). tests/api/symbols.test.ts
// compares this table with the header.

export interface Signature {
  readonly parameters: readonly ("i32" | "f64" | "buffer")[];
  readonly result: "i32" | "f64";
}

export const symbols = {
  // int32_t ps_abi_version(void)
  ps_abi_version: { parameters: [], result: "i32" },
  // int32_t ps_version(char *text, int32_t size)
  ps_version: { parameters: ["buffer", "i32"], result: "i32" },
  // int32_t ps_error_detail(char *text, int32_t size)
  ps_error_detail: { parameters: ["buffer", "i32"], result: "i32" },
  // int32_t ps_error_number(int32_t what)
  ps_error_number: { parameters: ["i32"], result: "i32" },
  // int32_t ps_shutdown(void)
  ps_shutdown: { parameters: [], result: "i32" },
  // int32_t ps_thread_owns(void)
  ps_thread_owns: { parameters: [], result: "i32" },
  // int32_t ps_handle_count(void)
  ps_handle_count: { parameters: [], result: "i32" },
  // int32_t ps_library_load(int32_t which, const char *path)
  ps_library_load: { parameters: ["i32", "buffer"], result: "i32" },
  // int32_t ps_library_place(int32_t which, int32_t origin, const char *path)
  ps_library_place: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  // int32_t ps_library_origin(int32_t which)
  ps_library_origin: { parameters: ["i32"], result: "i32" },
  // int32_t ps_library_text(int32_t which, int32_t what, char *text, int32_t size)
  ps_library_text: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_ring_new(int32_t element_size, double size, void *storage, double storage_bytes)
  ps_ring_new: { parameters: ["i32", "f64", "buffer", "f64"], result: "i32" },
  // int32_t ps_ring_move(int32_t ring, void *storage, double storage_bytes)
  ps_ring_move: { parameters: ["i32", "buffer", "f64"], result: "i32" },
  // int32_t ps_ring_share(int32_t ring)
  ps_ring_share: { parameters: ["i32"], result: "i32" },
  // int32_t ps_ring_free(int32_t ring)
  ps_ring_free: { parameters: ["i32"], result: "i32" },
  // int32_t ps_ring_read(int32_t ring, void *data, int32_t count)
  ps_ring_read: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_ring_read_overlap(int32_t ring, void *data, int32_t count, int32_t overlap)
  ps_ring_read_overlap: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // int32_t ps_ring_peek(int32_t ring, double from, void *data, int32_t count)
  ps_ring_peek: { parameters: ["i32", "f64", "buffer", "i32"], result: "i32" },
  // int32_t ps_ring_write(int32_t ring, const void *data, int32_t count)
  ps_ring_write: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_ring_hold(int32_t ring, int32_t count)
  ps_ring_hold: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_ring_write_held(int32_t ring, const void *data, int32_t count, int32_t clears)
  ps_ring_write_held: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // int32_t ps_ring_read_available(int32_t ring)
  ps_ring_read_available: { parameters: ["i32"], result: "i32" },
  // int32_t ps_ring_write_available(int32_t ring)
  ps_ring_write_available: { parameters: ["i32"], result: "i32" },
  // int32_t ps_ring_advance_read(int32_t ring, int32_t count)
  ps_ring_advance_read: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_ring_advance_write(int32_t ring, int32_t count)
  ps_ring_advance_write: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_ring_regions(int32_t ring, int32_t end, int32_t count, int32_t *regions)
  ps_ring_regions: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // double ps_ring_address(int32_t ring)
  ps_ring_address: { parameters: ["i32"], result: "f64" },
  // int32_t ps_ring_info(int32_t ring, int32_t what)
  ps_ring_info: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_ring_flush(int32_t ring)
  ps_ring_flush: { parameters: ["i32"], result: "i32" },
  // int32_t ps_ring_set_rate(int32_t ring, double rate)
  ps_ring_set_rate: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_ring_end(int32_t ring)
  ps_ring_end: { parameters: ["i32"], result: "i32" },
  // int32_t ps_ring_fail(int32_t ring)
  ps_ring_fail: { parameters: ["i32"], result: "i32" },
  // int32_t ps_device_count(void)
  ps_device_count: { parameters: [], result: "i32" },
  // int32_t ps_device_info(int32_t device, double *info, int32_t info_size, char *name, int32_t name_size)
  ps_device_info: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_device_id(int32_t device, char *text, int32_t size)
  ps_device_id: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_device_loopback(void)
  ps_device_loopback: { parameters: [], result: "i32" },
  // int32_t ps_device_status(void)
  ps_device_status: { parameters: [], result: "i32" },
  // int32_t ps_device_refresh(void)
  ps_device_refresh: { parameters: [], result: "i32" },
  // int32_t ps_device_refreshed(void)
  ps_device_refreshed: { parameters: [], result: "i32" },
  // int32_t ps_device_await(int32_t look)
  ps_device_await: { parameters: ["i32"], result: "i32" },
  // int32_t ps_device_prepare(void)
  ps_device_prepare: { parameters: [], result: "i32" },
  // int32_t ps_device_prepared(void)
  ps_device_prepared: { parameters: [], result: "i32" },
  // int32_t ps_device_watch(int32_t on)
  ps_device_watch: { parameters: ["i32"], result: "i32" },
  // int32_t ps_device_notices(void)
  ps_device_notices: { parameters: [], result: "i32" },
  // int32_t ps_host_api_count(void)
  ps_host_api_count: { parameters: [], result: "i32" },
  // int32_t ps_host_api_info(int32_t host_api, double *info, int32_t info_size, char *name, int32_t name_size)
  ps_host_api_info: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_config_init(double *config, int32_t size)
  ps_config_init: { parameters: ["buffer", "i32"], result: "i32" },
  // int32_t ps_check_settings(const double *config, int32_t size, const double *list, int32_t list_size)
  ps_check_settings: { parameters: ["buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_new(const double *config, int32_t size, const double *list, int32_t list_size)
  ps_stream_new: { parameters: ["buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_set_text(int32_t stream, int32_t what, const char *text)
  ps_stream_set_text: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  // int32_t ps_stream_free(int32_t stream)
  ps_stream_free: { parameters: ["i32"], result: "i32" },
  // int32_t ps_stream_command(int32_t stream, int32_t command)
  ps_stream_command: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_stream_done(int32_t stream, int32_t ticket)
  ps_stream_done: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_stream_await(int32_t stream, int32_t ticket)
  ps_stream_await: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_stream_wait(int32_t stream, double seconds)
  ps_stream_wait: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_stream_drain(int32_t stream)
  ps_stream_drain: { parameters: ["i32"], result: "i32" },
  // int32_t ps_stream_state(int32_t stream)
  ps_stream_state: { parameters: ["i32"], result: "i32" },
  // int32_t ps_stream_set_source(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between)
  ps_stream_set_source: { parameters: ["i32", "i32", "i32", "i32", "i32"], result: "i32" },
  // int32_t ps_stream_set_sink(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between)
  ps_stream_set_sink: { parameters: ["i32", "i32", "i32", "i32", "i32"], result: "i32" },
  // int32_t ps_stream_add_sink(int32_t stream, int32_t kind, int32_t object, int32_t flags, int32_t between,
  //                            double offset, double frames)
  ps_stream_add_sink: { parameters: ["i32", "i32", "i32", "i32", "i32", "f64", "f64"], result: "i32" },
  // int32_t ps_stream_remove_sink(int32_t stream, int32_t sink)
  ps_stream_remove_sink: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_stream_sink(int32_t stream, int32_t sink, double *numbers, int32_t count)
  ps_stream_sink: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_clear(int32_t stream, double fade)
  ps_stream_clear: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_stream_cleared(int32_t stream, int32_t request)
  ps_stream_cleared: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_stream_set_run(int32_t stream, double frames, double pad, double offset, int32_t flags)
  ps_stream_set_run: { parameters: ["i32", "f64", "f64", "f64", "i32"], result: "i32" },
  // int32_t ps_stream_set_prebuffer(int32_t stream, double frames)
  ps_stream_set_prebuffer: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_stream_set_lead(int32_t stream, double frames)
  ps_stream_set_lead: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_stream_set_map(int32_t stream, int32_t direction, const int32_t *map, int32_t count)
  ps_stream_set_map: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_set_gain(int32_t stream, double gain)
  ps_stream_set_gain: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_stream_next_file(int32_t stream, int32_t file, double at)
  ps_stream_next_file: { parameters: ["i32", "i32", "f64"], result: "i32" },
  // double ps_stream_next_file_at(int32_t stream)
  ps_stream_next_file_at: { parameters: ["i32"], result: "f64" },
  // double ps_stream_number(int32_t stream, int32_t what)
  ps_stream_number: { parameters: ["i32", "i32"], result: "f64" },
  // int32_t ps_stream_numbers(int32_t stream, double *numbers, int32_t count)
  ps_stream_numbers: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_actual(int32_t stream, double *actual, int32_t count)
  ps_stream_actual: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_levels(int32_t stream, int32_t direction, double *levels, int32_t channels)
  ps_stream_levels: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_glitches(int32_t stream, double *glitches, int32_t count)
  ps_stream_glitches: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_timing(int32_t stream, double *timing, int32_t count)
  ps_stream_timing: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_stream_error(int32_t stream, char *text, int32_t size, int32_t *numbers, int32_t count)
  ps_stream_error: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  // double ps_stream_due(int32_t stream, int32_t sink, double frames)
  ps_stream_due: { parameters: ["i32", "i32", "f64"], result: "f64" },
  // int32_t ps_wake(int32_t object, int32_t waker, int32_t what, double frames)
  ps_wake: { parameters: ["i32", "i32", "i32", "f64"], result: "i32" },
  // int32_t ps_waker_new(void)
  ps_waker_new: { parameters: [], result: "i32" },
  // int32_t ps_waker_next(int32_t waker)
  ps_waker_next: { parameters: ["i32"], result: "i32" },
  // int32_t ps_waker_free(int32_t waker)
  ps_waker_free: { parameters: ["i32"], result: "i32" },
  // int32_t ps_waker_descriptor(int32_t waker)
  ps_waker_descriptor: { parameters: ["i32"], result: "i32" },
  // int32_t ps_waker_wait(int32_t waker, double seconds)
  ps_waker_wait: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_waker_kick(int32_t waker)
  ps_waker_kick: { parameters: ["i32"], result: "i32" },
  // double ps_stream_capture_time(int32_t stream, double frame)
  ps_stream_capture_time: { parameters: ["i32", "f64"], result: "f64" },
  // int32_t ps_file_open(const char *path, int32_t mode, double *info, int32_t info_size)
  ps_file_open: { parameters: ["buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_open_descriptor(int32_t descriptor, int32_t own, int32_t mode, double *info, int32_t info_size)
  ps_file_open_descriptor: { parameters: ["i32", "i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_open_memory(const void *data, double bytes, int32_t mode, double *info, int32_t info_size)
  ps_file_open_memory: { parameters: ["buffer", "f64", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_may_wait(const char *path)
  ps_file_may_wait: { parameters: ["buffer"], result: "i32" },
  // int32_t ps_opening_new(const char *path, int32_t mode, const double *info, int32_t info_size)
  ps_opening_new: { parameters: ["buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_opening_of_descriptor(int32_t descriptor, int32_t mode, const double *info, int32_t info_size)
  ps_opening_of_descriptor: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_opening_of_bytes(double bytes, const double *info, int32_t info_size)
  ps_opening_of_bytes: { parameters: ["f64", "buffer", "i32"], result: "i32" },
  // int32_t ps_opening_write(int32_t opening, const void *data, int32_t bytes)
  ps_opening_write: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_opening_done(int32_t opening)
  ps_opening_done: { parameters: ["i32"], result: "i32" },
  // int32_t ps_opening_free(int32_t opening)
  ps_opening_free: { parameters: ["i32"], result: "i32" },
  // int32_t ps_file_close(int32_t file)
  ps_file_close: { parameters: ["i32"], result: "i32" },
  // int32_t ps_file_finish(int32_t file)
  ps_file_finish: { parameters: ["i32"], result: "i32" },
  // int32_t ps_file_info(int32_t file, double *info, int32_t info_size)
  ps_file_info: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_read(int32_t file, void *data, int32_t frames, int32_t format)
  ps_file_read: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // int32_t ps_file_write(int32_t file, const void *data, int32_t frames, int32_t format)
  ps_file_write: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  // double ps_file_seek(int32_t file, double frames, int32_t whence)
  ps_file_seek: { parameters: ["i32", "f64", "i32"], result: "f64" },
  // double ps_file_tell(int32_t file)
  ps_file_tell: { parameters: ["i32"], result: "f64" },
  // int32_t ps_file_truncate(int32_t file, double frames)
  ps_file_truncate: { parameters: ["i32", "f64"], result: "i32" },
  // int32_t ps_file_flush(int32_t file)
  ps_file_flush: { parameters: ["i32"], result: "i32" },
  // int32_t ps_file_get_string(int32_t file, int32_t tag, char *text, int32_t size)
  ps_file_get_string: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_set_string(int32_t file, int32_t tag, const char *text)
  ps_file_set_string: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  // int32_t ps_file_bytes(int32_t file, double offset, void *data, int32_t size)
  ps_file_bytes: { parameters: ["i32", "f64", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_cue(int32_t file, int32_t index, double *cue, int32_t size, char *name, int32_t name_size)
  ps_file_cue: { parameters: ["i32", "i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_loops(int32_t file, double *numbers, int32_t count)
  ps_file_loops: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_broadcast(int32_t file, int32_t what, char *text, int32_t size, double *numbers, int32_t count)
  ps_file_broadcast: { parameters: ["i32", "i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_file_log(int32_t file, char *text, int32_t size)
  ps_file_log: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_job_read(int32_t file, double frames, int32_t format)
  ps_job_read: { parameters: ["i32", "f64", "i32"], result: "i32" },
  // int32_t ps_job_write(int32_t file, const void *data, double frames, int32_t format)
  ps_job_write: { parameters: ["i32", "buffer", "f64", "i32"], result: "i32" },
  // int32_t ps_job_finish(int32_t file)
  ps_job_finish: { parameters: ["i32"], result: "i32" },
  // double ps_job_done(int32_t job)
  ps_job_done: { parameters: ["i32"], result: "f64" },
  // int32_t ps_job_take(int32_t job, void *data, double frames)
  ps_job_take: { parameters: ["i32", "buffer", "f64"], result: "i32" },
  // int32_t ps_job_free(int32_t job)
  ps_job_free: { parameters: ["i32"], result: "i32" },
  // int32_t ps_incoming_new(int32_t bytes)
  ps_incoming_new: { parameters: ["i32"], result: "i32" },
  // int32_t ps_incoming_write(int32_t incoming, const void *data, int32_t bytes)
  ps_incoming_write: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_incoming_waiting(int32_t incoming)
  ps_incoming_waiting: { parameters: ["i32"], result: "i32" },
  // int32_t ps_incoming_end(int32_t incoming, int32_t how)
  ps_incoming_end: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t ps_incoming_open(int32_t incoming, const char *name, const double *info, int32_t info_size)
  ps_incoming_open: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  // int32_t ps_incoming_opened(int32_t incoming)
  ps_incoming_opened: { parameters: ["i32"], result: "i32" },
  // int32_t ps_incoming_free(int32_t incoming)
  ps_incoming_free: { parameters: ["i32"], result: "i32" },
  // int32_t ps_bytes_recognize(const void *data, int32_t bytes, int32_t whole)
  ps_bytes_recognize: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  // int32_t ps_format_count(int32_t kind)
  ps_format_count: { parameters: ["i32"], result: "i32" },
  // int32_t ps_format_info(int32_t kind, int32_t index, char *text, int32_t size)
  ps_format_info: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  // int32_t ps_format_check(int32_t format, int32_t channels, double sample_rate)
  ps_format_check: { parameters: ["i32", "i32", "f64"], result: "i32" },
} as const satisfies Readonly<Record<string, Signature>>;

/** What is called of each stream that plays or records once. */
export const everyStream: readonly (keyof typeof symbols)[] = [
  "ps_config_init",
  "ps_stream_new",
  "ps_stream_actual",
  "ps_stream_command",
  "ps_stream_done",
  "ps_stream_set_source",
  "ps_stream_set_sink",
  "ps_stream_set_run",
  "ps_stream_set_prebuffer",
  "ps_stream_state",
  "ps_stream_error",
  "ps_stream_number",
  "ps_stream_numbers",
  "ps_stream_glitches",
  "ps_stream_levels",
  "ps_stream_timing",
  "ps_stream_free",
  "ps_waker_new",
  "ps_waker_next",
  "ps_wake",
];

type Argument<Kind> = Kind extends "buffer" ? ArrayBufferView | null : number;
type Arguments<Kinds extends readonly unknown[]> = { -readonly [I in keyof Kinds]: Argument<Kinds[I]> };

/** The C functions by their own names. */
export type Functions = {
  readonly [Name in keyof typeof symbols]: (...args: Arguments<(typeof symbols)[Name]["parameters"]>) => number;
};
