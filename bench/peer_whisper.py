"""Lets faster-whisper hear sounds: standard input is (uint32 samples, int16 ...) repeated, 16 kHz; argument 1 the model's
folder. Prints a JSON list of text and processor seconds, with word times as ours are made."""
import json, resource, struct, sys
import numpy as np
from faster_whisper import WhisperModel

model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


out = []
while head := sys.stdin.buffer.read(4):
    count = struct.unpack("<I", head)[0]
    sound = np.frombuffer(sys.stdin.buffer.read(2 * count), "<i2").astype(np.float32) / 32768
    before = cpu()
    segments, _ = model.transcribe(sound, language="en", beam_size=1, temperature=0.0, vad_filter=True, word_timestamps=True, condition_on_previous_text=False)
    text = " ".join(s.text for s in segments)
    out.append({"Text": text, "CPU": cpu() - before})
json.dump(out, sys.stdout)
