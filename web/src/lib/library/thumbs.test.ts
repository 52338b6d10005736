import { describe, expect, it } from 'vitest';
import { at, parse } from './thumbs';

const VTT = `WEBVTT

00:00.000 --> 00:02.000
sprite/0.jpg#xywh=0,0,160,90

NOTE a comment between

00:00:02.000 --> 00:00:04.000
sprite/0.jpg#xywh=pixel:160,0,160,90

00:00:04.000 --> 00:00:06.000
no picture here
`;

describe('sprite cues', () => {
  const cues = parse(VTT, 'http://h/v1/assets/a/thumbs.vtt');

  it('reads cues with and without hours, resolves addresses, skips what it does not know', () => {
    expect(cues).toEqual([
      { startMs: 0, endMs: 2000, url: 'http://h/v1/assets/a/sprite/0.jpg', x: 0, y: 0, w: 160, h: 90 },
      { startMs: 2000, endMs: 4000, url: 'http://h/v1/assets/a/sprite/0.jpg', x: 160, y: 0, w: 160, h: 90 }
    ]);
  });

  it('finds the cue of a time, the nearest beyond the ends', () => {
    expect(at(cues, 1999)?.x).toBe(0);
    expect(at(cues, 2000)?.x).toBe(160);
    expect(at(cues, -5)?.x).toBe(0);
    expect(at(cues, 99_999)?.x).toBe(160);
    expect(at([], 0)).toBeUndefined();
  });
});
