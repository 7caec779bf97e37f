/** The rates as bars, hand-made SVG: no dependency, and colours that can be read on light and dark pages. */
import type { Machine } from './machine.ts';
import { PEER_NAMES, scenarioTitle, thousands } from './report.ts';
import type { Samples } from './samples.ts';

const SHOWN = ['1x1', '50x1', '50x1-hot', '50x16', '50x64'];
const PEERS = ['inv', 'redis', 'postgres', 'inv-postgres', 'nothing'];

const WIDTH = 760;
const MARGIN = 16;
const NAME_WIDTH = 145;
const BAR_WIDTH = 430;
const BAR_HEIGHT = 16;
const BAR_STEP = 22;
const TITLE_HEIGHT = 26;
const GAP = 14;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .page { fill: #ffffff }
  .title { font-weight: 600 }
  .note { font-size: 11px; fill: #57606a }
  .inv { fill: #1a7f37 } .redis { fill: #cf222e } .postgres { fill: #0969da } .inv-postgres { fill: #2da44e }
  .nothing { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 }
    .inv { fill: #3fb950 } .redis { fill: #f85149 } .postgres { fill: #58a6ff } .inv-postgres { fill: #56d364 }
    .nothing { fill: #6e7681 }
  }`;

/** Each load has a scale of its own: its longest bar is the fastest server. */
export function chart(samples: Samples, machine: Machine): string {
  const parts: string[] = [];
  let y = 24;
  const text = (x: number, at: number, content: string, kind = '') =>
    parts.push(`<text x="${x}" y="${at}"${kind && ` class="${kind}"`}>${escaped(content)}</text>`);
  text(0, y - 8, 'Purchases per second, each on disk before its reply', 'title');
  y += 8;
  for (const scenario of SHOWN) {
    const bars = PEERS.flatMap((peer) => {
      const rate = samples.median(scenario, peer, 'perSecond');
      // Alone, a buyer waits for the disk; who writes nothing would only dwarf the others.
      const isDwarfing = peer === 'nothing' && scenario === '1x1';
      return rate === null || isDwarfing ? [] : [{ peer, rate }];
    });
    if (bars.length === 0) continue;
    const most = Math.max(...bars.map(({ rate }) => rate));
    text(0, y + 14, scenarioTitle(scenario), 'title');
    y += TITLE_HEIGHT;
    for (const { peer, rate } of bars) {
      const width = Math.max(1, (BAR_WIDTH * rate) / most);
      text(0, y + 13, PEER_NAMES[peer] as string);
      parts.push(
        `<rect class="${peer}" x="${NAME_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
      );
      const ratio = peer === 'inv' ? null : samples.ratio(scenario, peer, 'perSecond');
      const times = ratio === null ? '' : `  (inv: ${ratio.toFixed(ratio < 10 ? 2 : 0)}×)`;
      text(Math.round(NAME_WIDTH + width + 6), y + 13, `${thousands(rate)}${times}`);
      y += BAR_STEP;
    }
    y += GAP;
  }
  text(0, y + 8, `${machine.date}, ${machine.disk}, ${machine.description}`, 'note');
  const height = y + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Purchases per second">
<style>${STYLE}
</style>
<rect class="page" x="${-MARGIN}" width="${WIDTH}" height="${height}" rx="6"/>
${parts.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
