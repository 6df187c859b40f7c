/* Notices that nodes of ALSA's devices come and go, where the system gives them (Linux). */
#ifndef PS_PORTAUDIO_NODES_H
#define PS_PORTAUDIO_NODES_H

#define NODES_PATH_SIZE 64

struct nodes_watch {
  int notices;                /* a descriptor; -1: there are none */
  int folder, parent;         /* watches: of `snd`, and of where it will be while there is none; -1: not watched */
  char path[NODES_PATH_SIZE]; /* of the folder of all devices */
};

/* Begins to watch the folder `snd` in `path`, "/dev". Returns whether there will be notices. */
int nodes_watch_init(struct nodes_watch *watch, const char *path);
void nodes_watch_end(struct nodes_watch *watch);
/* Waits for a notice, at most `seconds`; returns whether there was one. */
int nodes_changed(struct nodes_watch *watch, double seconds);

#endif
