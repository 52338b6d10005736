"""Writes the two small networks of the tests: python3 testdata/make.py (needs the package onnx)."""
import onnx
from onnx import TensorProto as T, helper as h

KINDS = {"float32": T.FLOAT, "int64": T.INT64, "uint8": T.UINT8, "bool": T.BOOL}


def save(name, nodes, inputs, outputs):
    model = h.make_model(h.make_graph(nodes, name, inputs, outputs), opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


info = h.make_tensor_value_info
echo = save("echo", [h.make_node("Identity", [k], [k + "_out"]) for k in KINDS],
            [info(k, t, ["n", 2]) for k, t in KINDS.items()], [info(k + "_out", t, ["n", 2]) for k, t in KINDS.items()])
h.set_model_props(echo, {"character": "a\nb\nü"})
onnx.save(echo, "testdata/echo.onnx")
names = ["x"] + ["t%d" % n for n in range(40)]
onnx.save(save("slow", [h.make_node("MatMul", [a, "x"], [b]) for a, b in zip(names, names[1:])],
               [info("x", T.FLOAT, ["n", "n"])], [info("t39", T.FLOAT, ["n", "n"])]), "testdata/slow.onnx")
