import glob, json, logging, sys, time
logging.disable(logging.CRITICAL)
import cv2
from rapidocr import RapidOCR
engine = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1})
paths = sorted(glob.glob(sys.argv[1] + "/*.jpg"))
engine(cv2.imread(paths[0]))
begun, frames = time.process_time(), []
for path in paths:
    img = cv2.imread(path)
    h, w = img.shape[:2]
    r, lines = engine(img), []
    for box, text, score in zip(r.boxes if r.boxes is not None else [], r.txts or [], r.scores or []):
        x0, y0 = float(box[:, 0].min()), float(box[:, 1].min())
        lines.append({"text": text, "score": float(score), "x": x0 / w, "y": y0 / h, "w": (float(box[:, 0].max()) - x0) / w, "h": (float(box[:, 1].max()) - y0) / h})
    frames.append(lines)
print(json.dumps({"cpu": time.process_time() - begun, "frames": frames}))
