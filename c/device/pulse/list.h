/* The sinks and sources of a PulseAudio server, as of the last look. */
#ifndef PS_PULSE_LIST_H
#define PS_PULSE_LIST_H

#include "device/pulse/api.h"

#define PULSE_NAME_SIZE 256
#define PULSE_DESCRIPTION_SIZE 256

struct pulse_entry {
  char name[PULSE_NAME_SIZE]; /* the server's own, which stays */
  char description[PULSE_DESCRIPTION_SIZE];
  int direction;  /* DEVICE_INPUT: a source, DEVICE_OUTPUT: a sink */
  int is_monitor; /* a source that brings what a sink plays: */
  char monitored[PULSE_NAME_SIZE];
  uint32_t rate;
  struct pulse_channel_map map;
};

/* Looks for the first time, unless that is done. Returns the number of devices, 0 if no server answers. Any thread. */
int32_t pulse_list_count(void);
/* Copies an entry; 0 if there is none of that number. Any thread, as the next ones. */
int pulse_list_get(int32_t number, struct pulse_entry *entry);
/* The number of the default sink or source, or PS_DEVICE_NONE; PS_ERR_PORTAUDIO where a server does not answer,
 * PS_ERR_DEVICE_NOT_FOUND where it has devices and names none as the default. */
int32_t pulse_list_default(int direction);
/* Why there is no device of a direction where a server answers: a static text; NULL if there is one, or no server. */
const char *pulse_list_shortage(int direction);
/* The number of the device that the server calls `name`, or PS_DEVICE_NONE. */
int32_t pulse_list_find(int direction, const char *name);
/* The number of the monitor of the default sink; else as above. */
int32_t pulse_list_loopback(void);
/* Starts and ends notices of changes (devices_notice), also of servers that come and go. Returns whether there are. */
int pulse_watch(int on);
/* Looks again, within a few seconds. PS_OK also where no server is; PS_ERR_PORTAUDIO where one does not answer. */
int32_t pulse_list_refresh(void);

#endif
