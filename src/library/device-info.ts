/** One audio device, as `queryDevices()` lists it. */
export interface DeviceInfo {
  /** Its place in the list. It may change when devices are added or removed. */
  readonly index: number;
  /**
   * A name that stays the same: host API and name (PulseAudio: the server's own name), with a number if necessary.
   */
  readonly id: string;
  /** Its name, which other devices may have as well. */
  readonly name: string;
  /** "ALSA", "Core Audio", "Windows WASAPI", "JACK Audio Connection Kit", "Virtual", … */
  readonly hostApi: string;
  /** Number of channels that it can record; 0 if it cannot record. */
  readonly maxInputChannels: number;
  /** Number of channels that it can play; 0 if it cannot play. */
  readonly maxOutputChannels: number;
  /** The sample rate that it uses by default, in Hz. */
  readonly defaultSampleRate: number;
  /** What `latency: "low"` means for recording, in seconds. */
  readonly defaultLowInputLatency: number;
  /** What `latency: "high"` means for recording, in seconds. */
  readonly defaultHighInputLatency: number;
  /** What `latency: "low"` means for playing, in seconds. */
  readonly defaultLowOutputLatency: number;
  /** What `latency: "high"` means for playing, in seconds. */
  readonly defaultHighOutputLatency: number;
  /** Whether the system records from it by default. */
  readonly isDefaultInput: boolean;
  /** Whether the system plays on it by default. */
  readonly isDefaultOutput: boolean;
  /** Whether it is an input that records what an output plays, such as a monitor of PulseAudio. */
  readonly isLoopback: boolean;
}
