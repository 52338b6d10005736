package ffmpegtranscode

import "os"

// hardwareEncoder is one encoder with the command that proves it.
type hardwareEncoder struct {
	name, device string
	args         []string
}

func (h hardwareEncoder) present() bool {
	_, err := os.Stat(h.device)
	return err == nil
}

var hardwareEncoders = []hardwareEncoder{
	{"h264_nvenc", "/dev/nvidia0", []string{"-f", "lavfi", "-i", "color=s=320x180:d=0.1", "-frames:v", "1", "-c:v", "h264_nvenc", "-f", "null", "-"}},
	{"h264_qsv", "/dev/dri/renderD128", []string{"-init_hw_device", "qsv=q", "-f", "lavfi", "-i", "color=s=320x180:d=0.1", "-frames:v", "1", "-c:v", "h264_qsv", "-f", "null", "-"}},
	{"h264_vaapi", "/dev/dri/renderD128", []string{"-vaapi_device", "/dev/dri/renderD128", "-f", "lavfi", "-i", "color=s=320x180:d=0.1", "-vf", "format=nv12,hwupload", "-frames:v", "1", "-c:v", "h264_vaapi", "-f", "null", "-"}},
}
