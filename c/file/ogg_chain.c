/* A chained Ogg file: sounds one behind the other, each a file of its own (recordings of net radio, files joined by
 * cat). They are read as one, as long as they have the same channels and rate. */
#include "file/ogg_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/file_error.h"
#include "file/medium/ogg_page.h"
#include "pastream.h"

#define LINKS_MOST 100000
#define WHY 400

struct link {
  int64_t from, to;      /* bytes in the file */
  int64_t first, frames; /* of the chain */
};

struct chain {
  struct sound sound;
  struct link *links; /* of a file; a pipe has only the one that is being read */
  int count, current;
  struct ogg_pages *pages; /* of a pipe */
  struct medium *medium;   /* the current link's */
  struct sound *inner;     /* reads it */
  struct codec_info info;
  int64_t position, total;
  char *tags[CODEC_TAGS];
  char why[WHY]; /* what follows `total` frames cannot be read, or is not there; empty: nothing is to follow */
};

static struct chain *of(struct sound *sound) { return (struct chain *)sound; }

static struct sound *inner_of(struct sound *sound) {
  struct sound *inner = of(sound)->inner;
  if (inner) inner->name = sound->name;
  return inner;
}

static void leave(struct chain *chain) {
  if (chain->inner) chain->inner->codec->close(chain->inner);
  if (chain->medium) chain->medium->type->close(chain->medium);
  chain->inner = NULL;
  chain->medium = NULL;
}

static int is_flac(struct medium *medium) {
  unsigned char page[OGG_HEADER_MOST];
  int64_t got = medium->type->io.read(page, sizeof page, medium);
  medium->type->io.seek(0, SEEK_SET, medium);
  return ogg_page_is_flac(page, got);
}

/* A link of a file. */
static struct medium *part_of(struct chain *chain, const struct link *link) {
  struct medium *part = medium_ogg_part(chain->sound.medium, link->from, link->to), *flac;
  if (!part || !is_flac(part)) return part;
  flac = medium_ogg_flac(part);
  if (!flac) part->type->close(part);
  return flac;
}

/* Opens the link that the next frames are in. */
static int32_t enter(struct chain *chain, int index, struct codec_info *info) {
  leave(chain);
  chain->medium = chain->pages ? medium_ogg_link(chain->pages) : part_of(chain, &chain->links[index]);
  if (!chain->medium) return error_set(PS_ERR_MEMORY, 0, NULL);
  memset(info, 0, sizeof *info);
  int32_t status = codec_open_single(chain->sound.name, chain->medium, PS_MODE_READ, info, &chain->inner);
  if (status == PS_OK && chain->medium->type->opened) chain->medium->type->opened(chain->medium);
  if (status < 0) leave(chain);
  chain->current = index;
  return status;
}

/* Whether a link can be read with those before it; notes why not. */
static int joins(struct chain *chain, int32_t status, const struct codec_info *info) {
  char why[WHY / 2];
  int same = status == PS_OK && info->channels == chain->info.channels && info->sample_rate == chain->info.sample_rate;
  if (same && info->natural == chain->info.natural) return 1;
  if (same)
    snprintf(why, sizeof why, "one of them is FLAC");
  else if (status == PS_OK)
    snprintf(why, sizeof why, "it has %d channel%s at %d Hz, not %d at %d Hz", (int)info->channels,
             PLURAL(info->channels), (int)info->sample_rate, (int)chain->info.channels, (int)chain->info.sample_rate);
  else
    ps_error_detail(why, sizeof why);
  snprintf(chain->why, sizeof chain->why,
           "another sound follows in this Ogg file at frame %lld, which cannot be read with the first: %s",
           (long long)chain->total, why);
  leave(chain);
  return 0;
}

/* The last link is not whole. */
static void note_cut(struct chain *chain) {
  snprintf(chain->why, sizeof chain->why,
           "the sound is damaged or cut off: it ends at frame %lld, before the last page of this Ogg file",
           (long long)chain->total);
}

/* ------------------------------------------------------------------- opening */

/* Finds out how long each link is. */
static int32_t measure(struct chain *chain) {
  for (int i = 0; i < chain->count; i++) {
    struct codec_info info;
    struct link *link = &chain->links[i];
    int32_t status = enter(chain, i, &info);
    if (chain->sound.medium->error) return PS_ERR_SOUNDFILE;
    if (i == 0 && status < 0) return status;
    if (i == 0) chain->info = info;
    if (i > 0 && !joins(chain, status, &info)) {
      chain->count = i;
      break;
    }
    link->first = chain->total;
    link->frames = info.frames > 0 ? info.frames : 0;
    chain->total += link->frames;
  }
  struct codec_info info;
  return enter(chain, 0, &info);
}

static int32_t open_file(struct chain *chain, const int64_t *starts, int count, int64_t length, int cut) {
  chain->links = calloc((size_t)count, sizeof *chain->links);
  if (!chain->links) return error_set(PS_ERR_MEMORY, 0, NULL);
  chain->count = count;
  for (int i = 0; i < count; i++) {
    chain->links[i].from = starts[i];
    chain->links[i].to = i + 1 < count ? starts[i + 1] : length;
  }
  int32_t status = measure(chain);
  if (cut && !chain->why[0]) note_cut(chain);
  /* Readers continue up to the frame of the error. */
  chain->info.frames = chain->why[0] ? CODEC_FRAMES_UNKNOWN : chain->total;
  return status;
}

static int32_t open_pipe(struct chain *chain) {
  struct medium *pipe = chain->sound.medium;
  chain->pages = ogg_pages_new(pipe);
  if (!chain->pages) return error_set(PS_ERR_MEMORY, 0, NULL);
  pipe->type->io.seek(0, SEEK_SET, pipe);
  if (pipe->type->opened) pipe->type->opened(pipe);
  int32_t status = enter(chain, 0, &chain->info);
  chain->info.frames = CODEC_FRAMES_UNKNOWN;
  chain->info.seekable = 0;
  return status;
}

static void note_tags(struct chain *chain) {
  for (int tag = 1; tag < CODEC_TAGS; tag++) {
    const char *text = chain->inner->codec->tag(chain->inner, tag);
    if (text && (chain->tags[tag] = malloc(strlen(text) + 1)) != NULL) strcpy(chain->tags[tag], text);
  }
}

static int32_t close_chain(struct sound *sound) {
  struct chain *chain = of(sound);
  leave(chain);
  for (int tag = 0; tag < CODEC_TAGS; tag++) free(chain->tags[tag]);
  free(chain->links);
  free(chain->pages);
  free(chain);
  return PS_OK;
}

static const struct codec codec_chain;

int32_t ogg_chain_open(const char *name, struct medium *medium, struct codec_info *info, struct sound **sound) {
  int pipe = !medium->type->seekable;
  int64_t length = pipe ? 0 : medium->type->io.get_file_length(medium);
  int64_t *starts = pipe ? NULL : malloc(LINKS_MOST * sizeof *starts), cut = -1;
  int count = starts ? medium_ogg_links(medium, length, starts, LINKS_MOST, &cut) : 0;
  if (cut > 0) length = cut;
  int32_t status = PS_ERR_UNSUPPORTED;
  int has_links =
      pipe || count > 1 || cut > 0 || (starts && medium->type->io.seek(0, SEEK_SET, medium) == 0 && is_flac(medium));
  struct chain *chain = has_links ? calloc(1, sizeof *chain) : NULL;
  if (chain) {
    chain->sound = (struct sound){&codec_chain, medium, name};
    status = pipe ? open_pipe(chain) : open_file(chain, starts, count, length, cut > 0);
    if (status < 0) {
      close_chain(&chain->sound);
    } else {
      note_tags(chain);
      *info = chain->info;
      *sound = &chain->sound;
    }
  } else if (has_links) {
    status = error_set(PS_ERR_MEMORY, 0, NULL);
  }
  free(starts);
  if (!pipe && status < 0) medium->type->io.seek(0, SEEK_SET, medium);
  return status;
}

/* ------------------------------------------------------------------- samples */

static int32_t failure(struct sound *sound) {
  struct chain *chain = of(sound);
  if (chain->why[0] && chain->position == chain->total) return file_error(sound->name, 0, chain->why);
  return chain->inner ? inner_of(sound)->codec->failure(chain->inner) : PS_OK;
}

/* Goes to the link behind the current one; 0 if there is none. */
static int next_link(struct chain *chain) {
  struct codec_info info;
  if (chain->why[0]) return 0;
  if (chain->pages && !ogg_pages_more(chain->pages)) {
    if (ogg_pages_cut(chain->pages)) note_cut(chain);
    return 0;
  }
  if (!chain->pages && chain->current + 1 >= chain->count) return 0;
  int32_t status = enter(chain, chain->current + 1, &info);
  return chain->pages ? joins(chain, status, &info) : status == PS_OK;
}

static size_t sample_bytes(int32_t format) {
  return format == PS_FORMAT_FLOAT64 ? 8 : format == PS_FORMAT_INT16 ? 2 : 4;
}

static int64_t read_frames(struct sound *sound, int32_t format, void *data, int64_t frames) {
  struct chain *chain = of(sound);
  size_t frame_bytes = sample_bytes(format) * (size_t)chain->info.channels;
  int64_t done = 0;
  while (done < frames && chain->inner) {
    const struct link *link = chain->links ? &chain->links[chain->current] : NULL;
    int64_t left = link ? link->first + link->frames - chain->position : INT64_MAX, piece = frames - done;
    if (piece > left) piece = left;
    void *to = (unsigned char *)data + (size_t)done * frame_bytes;
    int64_t count = piece > 0 ? inner_of(sound)->codec->read(chain->inner, format, to, piece) : 0;
    if (count > 0) done += count, chain->position += count;
    if (chain->pages) chain->total = chain->position;
    if (done == frames) break;
    int ended = link ? count == left : count < piece && chain->inner->codec->failure(chain->inner) == PS_OK;
    if (!ended || sound->medium->error || !next_link(chain)) break;
  }
  return done;
}

static int seek_frame(struct sound *sound, int64_t frame) {
  struct chain *chain = of(sound);
  int index = 0;
  if (!chain->links || frame > chain->total) return 0;
  while (index + 1 < chain->count && frame >= chain->links[index + 1].first) index++;
  if (index != chain->current || !chain->inner) {
    struct codec_info info;
    if (enter(chain, index, &info) < 0) return 0;
  }
  chain->position = frame;
  return inner_of(sound)->codec->seek(chain->inner, frame - chain->links[index].first);
}

/* --------------------------------------------------- what the file says of itself */

static int32_t load(void) { return PS_OK; }

static const char *tag_of(struct sound *sound, int32_t tag) { return of(sound)->tags[tag]; }

static void log_of(struct sound *sound, char *text, int32_t size) {
  if (of(sound)->inner) inner_of(sound)->codec->log(of(sound)->inner, text, size);
}

/* Only for reading. */
static const struct codec codec_chain = {
    .load = load,
    .close = close_chain,
    .failure = failure,
    .read = read_frames,
    .seek = seek_frame,
    .tag = tag_of,
    .log = log_of,
};
