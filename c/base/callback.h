/* What the audio callback is told and what it returns, between a device, its host and the engine. */
#ifndef PS_CALLBACK_H
#define PS_CALLBACK_H

/* What a callback returns, with the values of PaStreamCallbackResult. */
#define CALLBACK_CONTINUE 0
#define CALLBACK_COMPLETE 1
#define CALLBACK_ABORT 2

/* What a device reports with a block, with the values of PaStreamCallbackFlags. The first four are xruns. */
#define FLAG_INPUT_UNDERFLOW 1ul
#define FLAG_INPUT_OVERFLOW 2ul
#define FLAG_OUTPUT_UNDERFLOW 4ul
#define FLAG_OUTPUT_OVERFLOW 8ul
#define FLAGS_XRUN 0xful
#define FLAG_PRIMING 0x10ul

/* Times of a block, in seconds of the stream's clock except for `began`; 0 where the device does not tell. */
struct callback_times {
  double now;
  double began;  /* os_time() when the device called; 0: the host looks itself */
  double input;  /* capture of the first input frame */
  double output; /* when the first output frame will be heard */
  double gap; /* seconds before this block without a callback: the device was replaced by another one, or did not run */
  double gap_age; /* seconds of sound that have come since that gap: it is known only now */
};

#endif
