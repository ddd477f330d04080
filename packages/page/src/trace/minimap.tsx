import {
  isWhole,
  SERVICE_SLOTS,
  type ServiceMark,
  type TraceLayout,
  WHOLE,
  type Zoom,
  zoomBetween,
} from '@hatchet-ts/waterfall/browser';
import { useEffect, useRef, useState } from 'preact/hooks';
import { drawnBars } from '../rows/drawn-bars.ts';
import { onThemeChange } from '../ui/theme.ts';

interface MinimapProps {
  layout: TraceLayout;
  zoom: Zoom;
  marks: ReadonlyMap<string, ServiceMark>;
  onZoom: (zoom: Zoom) => void;
}

/** Small picture of the whole trace, with the visible part of its time. Dragging zooms. */
export function Minimap({ layout, zoom, marks, onZoom }: MinimapProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();

  useEffect(() => {
    const picture = canvas.current;
    if (!picture) return;
    const draw = (): void => drawRows(picture, layout, marks);
    draw();
    const resized = new ResizeObserver(draw);
    resized.observe(picture);
    const stop = onThemeChange(draw);
    return () => {
      resized.disconnect();
      stop();
    };
  }, [layout, marks]);

  const fraction = (event: PointerEvent): number => {
    const { left, width } = box.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width));
  };
  const begin = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    box.current!.setPointerCapture(event.pointerId);
    setDrag({ from: fraction(event), to: fraction(event) });
  };
  const end = (event: PointerEvent): void => {
    if (!drag) return;
    setDrag(undefined);
    const to = fraction(event);
    if (Math.abs(to - drag.from) > 0.004) onZoom(zoomBetween(drag.from, to));
    else if (!isWhole(zoom)) onZoom(recenter(zoom, to));
  };
  const part = drag ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) } : zoom;
  return (
    <div
      class="minimap"
      ref={box}
      role="img"
      aria-label="The whole trace; drag to zoom"
      title="Drag to zoom, double-click to show the whole trace"
      onPointerDown={begin}
      onPointerMove={(event) => drag && setDrag({ from: drag.from, to: fraction(event) })}
      onPointerUp={end}
      onPointerCancel={() => setDrag(undefined)}
      onDblClick={() => onZoom(WHOLE)}
    >
      <canvas ref={canvas} />
      {(drag || !isWhole(zoom)) && (
        <>
          <span class="outside" style={{ '--from': 0, '--to': part.from }} />
          <span class="inside" style={{ '--from': part.from, '--to': part.to }} />
          <span class="outside" style={{ '--from': part.to, '--to': 1 }} />
        </>
      )}
    </div>
  );
}

/** Resolves a color of the style sheet for a canvas, in the current theme. */
function resolveColor(canvas: HTMLElement, name: string): string {
  canvas.style.color = `var(${name})`;
  return getComputedStyle(canvas).color;
}

/** Moves a zoom to another center, with the same width. */
function recenter({ from, to }: Zoom, center: number): Zoom {
  const half = (to - from) / 2;
  const middle = Math.min(1 - half, Math.max(half, center));
  return { from: middle - half, to: middle + half };
}

/** Draws a line per row, thinner if there are many. */
function drawRows(canvas: HTMLCanvasElement, { rows }: TraceLayout, marks: ReadonlyMap<string, ServiceMark>): void {
  const scale = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d');
  if (!pen || width === 0) return;
  const colors = Array.from({ length: SERVICE_SLOTS }, (_, slot) => resolveColor(canvas, `--s${slot}`));
  const error = resolveColor(canvas, '--error');
  const line = height / rows.length;
  const thick = Math.max(scale, Math.min(4 * scale, line * 0.7));
  rows.forEach((row, i) => {
    const color = colors[marks.get(row.spans[0]?.serviceName ?? row.running?.serviceName ?? '')?.slot ?? 0]!;
    for (const { from, to, kind, error: failed } of drawnBars(row, WHOLE)) {
      if (kind === 'pause') continue;
      pen.globalAlpha = kind === 'waiting' ? 0.35 : 0.85;
      pen.fillStyle = failed ? error : color;
      pen.fillRect(from * width, i * line, Math.max(scale, (to - from) * width), thick);
    }
  });
}
