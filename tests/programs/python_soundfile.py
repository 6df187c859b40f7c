# Does with python-soundfile what each line of JSON in a file asks for, and prints what came of it, a line of JSON each.
import hashlib
import json
import sys

import numpy
import soundfile


def run(job):
    options = job.get("options", {})
    if job["do"] == "write":
        data = numpy.fromfile(job["data"], dtype=job["dtype"]).reshape(-1, options["channels"])
        with soundfile.SoundFile(job["path"], "w", **options) as file:
            file.write(data)
        return "written"
    with soundfile.SoundFile(job["path"], "r", **options) as file:
        results = [[file.format, file.subtype, file.endian, file.frames, file.channels, file.samplerate]]
        for what, frames, dtype in job["steps"]:
            if what == "seek":
                results.append(file.seek(frames))
            else:
                data = file.read(frames, dtype=dtype, always_2d=True)
                results.append([len(data), hashlib.sha1(data.tobytes()).hexdigest(), file.tell() if file.seekable() else -1])
        return results


for line in open(sys.argv[1], encoding="utf-8"):
    try:
        print(json.dumps(run(json.loads(line))))
    except Exception as error:
        print(json.dumps({"error": str(error)}))
