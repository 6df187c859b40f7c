#include "model.h"

#include "pastream.h"

void model_start(struct model *model) {
  model->total = model->frames < 0 ? -1 : model->pad < 0 ? model->frames : model->frames + model->pad;
}

void model_drain(struct model *model) {
  model->draining = 1;
  model->drain_left = model->file ? INT64_MAX : model->queued;
  if (model->loop && model->taken) model->drain_left = (model->queued - model->taken % model->queued) % model->queued;
  if (!model->file) model->ended = 1;
}

static int model_end(struct model *model, int32_t error) {
  model->finished = 1;
  model->error = error;
  return 0;
}

/* One frame; 0 if the run is over before it. */
static int model_frame(struct model *model, int64_t *played, int *recorded) {
  if (model->count == model->total) return model_end(model, PS_OK);

  /* With frames and pad given only `frames` of the source are played; with neither, silence after its end. */
  int may_end = model->pad >= 0;
  int wanted = model->has_source && !(may_end && model->frames >= 0 && model->taken == model->frames) &&
               !(may_end && model->frames < 0 && model->total >= 0);
  int found = wanted && (model->loop || model->queued > 0) && !(model->draining && model->drain_left == 0);
  int late = wanted && !found && !model->ended && !model->complete;
  if (model->draining && !found && !late) return model_end(model, PS_OK);
  if (wanted && !found && !late && may_end) {
    if (model->frames >= 0) return model_end(model, PS_ERR_BUFFER_EMPTY);
    model->total = model->count + model->pad;
    if (model->pad == 0) return model_end(model, PS_OK);
  }
  *recorded = model->has_sink && model->count >= model->offset;
  if (*recorded && model->room == 0 && !model->drop) return model_end(model, PS_ERR_BUFFER_FULL);

  *played = !found ? MODEL_SILENCE : model->loop ? model->taken % model->queued : model->taken;
  model->taken += found;
  model->drain_left -= found && model->draining;
  model->queued -= found && !model->loop;
  model->gaps += late && !model->in_gap;
  model->gap_frames += late;
  model->in_gap = late;
  int lost = *recorded && model->room == 0;
  if (lost) *recorded = 0;
  model->kept += *recorded;
  model->room -= *recorded;
  model->drops += lost && !model->in_drop;
  model->dropped += lost;
  model->in_drop = lost;
  model->count++;
  return 1;
}

int64_t model_block(struct model *model, int64_t frames, int64_t *played, int64_t *recorded) {
  int64_t kept = 0;
  for (int64_t i = 0; i < frames; i++) {
    int record = 0;
    played[i] = MODEL_SILENCE;
    if (!model->finished && model_frame(model, &played[i], &record) && record) recorded[kept++] = i;
  }
  if (!model->finished && model->count == model->total) model_end(model, PS_OK);
  return kept;
}

int model_is_over(const struct model *model) {
  struct model copy = *model;
  int64_t played;
  int recorded;
  return copy.finished || (!model_frame(&copy, &played, &recorded) && copy.error != PS_ERR_BUFFER_FULL);
}
