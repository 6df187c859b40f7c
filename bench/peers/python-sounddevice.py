"""The same as sound.mjs, by Python's sounddevice."""
import os
import time

import numpy
import sounddevice

samples = numpy.full(3 * 48000 + 4800, 0.25, numpy.float32)
samples[3 * 48000:] = 0.5
sounddevice.play(samples, 48000)
if os.environ.get("BLOCK"):
    time.sleep(1)
    end = time.time() + 1
    while time.time() < end:
        pass
sounddevice.wait()
