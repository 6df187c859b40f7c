/* What PortAudio uses of Core Audio and Core Foundation: declarations of our own of their published interfaces, so that
 * macOS libraries can be built on other systems. Nothing here comes from Apple's headers. */
#ifndef PASTREAM_CORE_AUDIO_H
#define PASTREAM_CORE_AUDIO_H

#include <AvailabilityMacros.h>
#include <MacTypes.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <mach/mach_time.h>
#include <stdint.h>
#include <strings.h>

#define CODE(a, b, c, d) ((UInt32)(a) << 24 | (UInt32)(b) << 16 | (UInt32)(c) << 8 | (UInt32)(d))

/* ---------------------------------------------------------- Core Foundation */

typedef const void *CFTypeRef;
typedef const struct __CFString *CFStringRef;
typedef const struct __CFAllocator *CFAllocatorRef;
typedef struct __CFRunLoop *CFRunLoopRef;
typedef long CFIndex;
typedef UInt32 CFStringEncoding;

#define kCFStringEncodingUTF8 0x08000100u
#define CFSTR(text) ((CFStringRef)__builtin___CFStringMakeConstantString(text))

static inline UInt32 CFSwapInt32HostToBig(UInt32 value) { return __builtin_bswap32(value); }
void CFRelease(CFTypeRef);
CFIndex CFStringGetLength(CFStringRef);
CFIndex CFStringGetMaximumSizeForEncoding(CFIndex, CFStringEncoding);
Boolean CFStringGetCString(CFStringRef, char *, CFIndex, CFStringEncoding);
CFStringRef CFStringCreateWithFormat(CFAllocatorRef, const void *, CFStringRef, ...);

/* ----------------------------------------------------------------- versions */

enum {
  gestaltSystemVersionMajor = CODE('s', 'y', 's', '1'),
  gestaltSystemVersionMinor = CODE('s', 'y', 's', '2'),
};
/* PortAudio asks whether this is macOS 10.6 or newer. What the runtimes support is. */
static inline OSErr Gestalt(OSType which, SInt32 *value) {
  *value = which == gestaltSystemVersionMajor ? 11 : 0;
  return noErr;
}

/* -------------------------------------------------------------------- sound */

typedef struct {
  Float64 mSampleRate;
  UInt32 mFormatID, mFormatFlags, mBytesPerPacket, mFramesPerPacket, mBytesPerFrame, mChannelsPerFrame, mBitsPerChannel,
      mReserved;
} AudioStreamBasicDescription;

typedef struct {
  SInt64 mStartOffset;
  UInt32 mVariableFramesInPacket, mDataByteSize;
} AudioStreamPacketDescription;

typedef struct {
  UInt32 mNumberChannels, mDataByteSize;
  void *mData;
} AudioBuffer;

typedef struct {
  UInt32 mNumberBuffers;
  AudioBuffer mBuffers[1];
} AudioBufferList;

typedef struct {
  SInt16 mSubframes, mSubframeDivisor;
  UInt32 mCounter, mType, mFlags;
  SInt16 mHours, mMinutes, mSeconds, mFrames;
} SMPTETime;

typedef struct {
  Float64 mSampleTime;
  UInt64 mHostTime;
  Float64 mRateScalar;
  UInt64 mWordClockTime;
  SMPTETime mSMPTETime;
  UInt32 mFlags, mReserved;
} AudioTimeStamp;

typedef struct {
  Float64 mMinimum, mMaximum;
} AudioValueRange;

enum {
  kAudioFormatLinearPCM = CODE('l', 'p', 'c', 'm'),
  kAudioFormatFlagsNativeFloatPacked = 1 | 8, /* floating point, packed, little-endian */
  kAudioTimeStampHostTimeValid = 2,
};

UInt64 AudioGetCurrentHostTime(void);
UInt64 AudioConvertHostTimeToNanos(UInt64);

/* ------------------------------------------------------------------ devices */

typedef UInt32 AudioObjectID, AudioDeviceID, AudioStreamID;
typedef UInt32 AudioObjectPropertySelector, AudioObjectPropertyScope, AudioObjectPropertyElement;
typedef UInt32 AudioDevicePropertyID, AudioHardwarePropertyID;

typedef struct {
  AudioObjectPropertySelector mSelector;
  AudioObjectPropertyScope mScope;
  AudioObjectPropertyElement mElement;
} AudioObjectPropertyAddress;

typedef OSStatus (*AudioObjectPropertyListenerProc)(AudioObjectID, UInt32, const AudioObjectPropertyAddress *, void *);

enum {
  kAudioObjectSystemObject = 1,
  kAudioDeviceUnknown = 0,
  kAudioObjectPropertyElementMaster = 0,
  kAudioObjectPropertyScopeGlobal = CODE('g', 'l', 'o', 'b'),
  kAudioDevicePropertyScopeInput = CODE('i', 'n', 'p', 't'),
  kAudioDevicePropertyScopeOutput = CODE('o', 'u', 't', 'p'),
  kAudioHardwarePropertyDevices = CODE('d', 'e', 'v', '#'),
  kAudioHardwarePropertyDefaultInputDevice = CODE('d', 'I', 'n', ' '),
  kAudioHardwarePropertyDefaultOutputDevice = CODE('d', 'O', 'u', 't'),
  kAudioHardwarePropertyRunLoop = CODE('r', 'n', 'l', 'p'),
  kAudioDevicePropertyDeviceName = CODE('n', 'a', 'm', 'e'),
  kAudioDevicePropertyDeviceNameCFString = CODE('l', 'n', 'a', 'm'),
  kAudioDevicePropertyChannelName = CODE('c', 'h', 'n', 'm'),
  kAudioDevicePropertyChannelNameCFString = CODE('l', 'c', 'h', 'n'),
  kAudioDevicePropertyLatency = CODE('l', 't', 'n', 'c'),
  kAudioDevicePropertySafetyOffset = CODE('s', 'a', 'f', 't'),
  kAudioDevicePropertyBufferFrameSize = CODE('f', 's', 'i', 'z'),
  kAudioDevicePropertyBufferFrameSizeRange = CODE('f', 's', 'z', '#'),
  kAudioDevicePropertyStreams = CODE('s', 't', 'm', '#'),
  kAudioDevicePropertyStreamConfiguration = CODE('s', 'l', 'a', 'y'),
  kAudioDevicePropertyNominalSampleRate = CODE('n', 's', 'r', 't'),
  kAudioDevicePropertyAvailableNominalSampleRates = CODE('n', 's', 'r', '#'),
  kAudioDevicePropertyActualSampleRate = CODE('a', 's', 'r', 't'),
  kAudioDeviceProcessorOverload = CODE('o', 'v', 'e', 'r'),
  kAudioStreamPropertyLatency = CODE('l', 't', 'n', 'c'),
};

enum {
  kAudioHardwareNoError = 0,
  kAudioHardwareNotRunningError = CODE('s', 't', 'o', 'p'),
  kAudioHardwareUnspecifiedError = CODE('w', 'h', 'a', 't'),
  kAudioHardwareUnknownPropertyError = CODE('w', 'h', 'o', '?'),
  kAudioHardwareBadPropertySizeError = CODE('!', 's', 'i', 'z'),
  kAudioHardwareIllegalOperationError = CODE('n', 'o', 'p', 'e'),
  kAudioHardwareBadDeviceError = CODE('!', 'd', 'e', 'v'),
  kAudioHardwareBadStreamError = CODE('!', 's', 't', 'r'),
  kAudioHardwareUnsupportedOperationError = CODE('u', 'n', 'o', 'p'),
  kAudioDeviceUnsupportedFormatError = CODE('!', 'd', 'a', 't'),
  kAudioDevicePermissionsError = CODE('!', 'h', 'o', 'g'),
};

OSStatus AudioObjectGetPropertyDataSize(AudioObjectID, const AudioObjectPropertyAddress *, UInt32, const void *,
                                        UInt32 *);
OSStatus AudioObjectGetPropertyData(AudioObjectID, const AudioObjectPropertyAddress *, UInt32, const void *, UInt32 *,
                                    void *);
OSStatus AudioObjectSetPropertyData(AudioObjectID, const AudioObjectPropertyAddress *, UInt32, const void *, UInt32,
                                    const void *);
OSStatus AudioObjectAddPropertyListener(AudioObjectID, const AudioObjectPropertyAddress *,
                                        AudioObjectPropertyListenerProc, void *);
OSStatus AudioObjectRemovePropertyListener(AudioObjectID, const AudioObjectPropertyAddress *,
                                           AudioObjectPropertyListenerProc, void *);

/* --------------------------------------------------------------- components */

typedef SInt32 ComponentResult;
typedef struct OpaqueAudioComponent *AudioComponent;
typedef struct OpaqueAudioComponentInstance *AudioComponentInstance;
typedef AudioComponentInstance AudioUnit;
typedef UInt32 AudioUnitPropertyID, AudioUnitScope, AudioUnitElement, AudioUnitRenderActionFlags;

typedef struct {
  OSType componentType, componentSubType, componentManufacturer;
  UInt32 componentFlags, componentFlagsMask;
} AudioComponentDescription;

typedef OSStatus (*AURenderCallback)(void *, AudioUnitRenderActionFlags *, const AudioTimeStamp *, UInt32, UInt32,
                                     AudioBufferList *);
typedef void (*AudioUnitPropertyListenerProc)(void *, AudioUnit, AudioUnitPropertyID, AudioUnitScope, AudioUnitElement);

typedef struct {
  AURenderCallback inputProc;
  void *inputProcRefCon;
} AURenderCallbackStruct;

enum {
  kAudioUnitType_Output = CODE('a', 'u', 'o', 'u'),
  kAudioUnitSubType_HALOutput = CODE('a', 'h', 'a', 'l'),
  kAudioUnitSubType_DefaultOutput = CODE('d', 'e', 'f', ' '),
  kAudioUnitManufacturer_Apple = CODE('a', 'p', 'p', 'l'),
  kAudioUnitScope_Global = 0,
  kAudioUnitScope_Input = 1,
  kAudioUnitScope_Output = 2,
  kAudioUnitProperty_StreamFormat = 8,
  kAudioUnitProperty_MaximumFramesPerSlice = 14,
  kAudioUnitProperty_SetRenderCallback = 23,
  kAudioUnitProperty_RenderQuality = 26,
  kAudioOutputUnitProperty_CurrentDevice = 2000,
  kAudioOutputUnitProperty_IsRunning = 2001,
  kAudioOutputUnitProperty_ChannelMap = 2002,
  kAudioOutputUnitProperty_EnableIO = 2003,
  kAudioOutputUnitProperty_SetInputCallback = 2005,
  kRenderQuality_Max = 127,
  kRenderQuality_High = 96,
  kRenderQuality_Medium = 64,
  kRenderQuality_Low = 32,
  kRenderQuality_Min = 0,
};

enum {
  kAudioUnitErr_InvalidProperty = -10879,
  kAudioUnitErr_InvalidParameter = -10878,
  kAudioUnitErr_InvalidElement = -10877,
  kAudioUnitErr_NoConnection = -10876,
  kAudioUnitErr_FailedInitialization = -10875,
  kAudioUnitErr_TooManyFramesToProcess = -10874,
  kAudioUnitErr_InvalidFile = -10871,
  kAudioUnitErr_UnknownFileType = -10870,
  kAudioUnitErr_FileNotSpecified = -10869,
  kAudioUnitErr_FormatNotSupported = -10868,
  kAudioUnitErr_Uninitialized = -10867,
  kAudioUnitErr_InvalidScope = -10866,
  kAudioUnitErr_PropertyNotWritable = -10865,
  kAudioUnitErr_CannotDoInCurrentContext = -10863,
  kAudioUnitErr_InvalidPropertyValue = -10851,
  kAudioUnitErr_PropertyNotInUse = -10850,
  kAudioUnitErr_Initialized = -10849,
  kAudioUnitErr_InvalidOfflineRender = -10848,
  kAudioUnitErr_Unauthorized = -10847,
};

AudioComponent AudioComponentFindNext(AudioComponent, const AudioComponentDescription *);
OSStatus AudioComponentInstanceNew(AudioComponent, AudioComponentInstance *);
OSStatus AudioComponentInstanceDispose(AudioComponentInstance);
OSStatus AudioUnitInitialize(AudioUnit);
OSStatus AudioUnitUninitialize(AudioUnit);
OSStatus AudioUnitReset(AudioUnit, AudioUnitScope, AudioUnitElement);
OSStatus AudioUnitRender(AudioUnit, AudioUnitRenderActionFlags *, const AudioTimeStamp *, UInt32, UInt32,
                         AudioBufferList *);
OSStatus AudioUnitGetProperty(AudioUnit, AudioUnitPropertyID, AudioUnitScope, AudioUnitElement, void *, UInt32 *);
OSStatus AudioUnitSetProperty(AudioUnit, AudioUnitPropertyID, AudioUnitScope, AudioUnitElement, const void *, UInt32);
OSStatus AudioUnitAddPropertyListener(AudioUnit, AudioUnitPropertyID, AudioUnitPropertyListenerProc, void *);
OSStatus AudioOutputUnitStart(AudioUnit);
OSStatus AudioOutputUnitStop(AudioUnit);

/* --------------------------------------------------------------- converters */

typedef struct OpaqueAudioConverter *AudioConverterRef;
typedef UInt32 AudioConverterPropertyID;
typedef OSStatus (*AudioConverterComplexInputDataProc)(AudioConverterRef, UInt32 *, AudioBufferList *,
                                                       AudioStreamPacketDescription **, void *);

enum {
  kAudioConverterSampleRateConverterQuality = CODE('s', 'r', 'c', 'q'),
  kAudioConverterQuality_Max = 0x7f,
  kAudioConverterQuality_High = 0x60,
  kAudioConverterQuality_Medium = 0x40,
  kAudioConverterQuality_Low = 0x20,
  kAudioConverterQuality_Min = 0,
};

OSStatus AudioConverterNew(const AudioStreamBasicDescription *, const AudioStreamBasicDescription *,
                           AudioConverterRef *);
OSStatus AudioConverterDispose(AudioConverterRef);
OSStatus AudioConverterReset(AudioConverterRef);
OSStatus AudioConverterSetProperty(AudioConverterRef, AudioConverterPropertyID, UInt32, const void *);
OSStatus AudioConverterFillComplexBuffer(AudioConverterRef, AudioConverterComplexInputDataProc, void *, UInt32 *,
                                         AudioBufferList *, AudioStreamPacketDescription *);

#endif
