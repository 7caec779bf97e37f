/** The tables of docs/clients.md, from what was tried. */
import { type ClientReport, isWell, type Step } from './campaign.ts';
import type { ToolReport } from './tools.ts';

const [BEGIN, END] = ['<!-- written by `npm run clients -- --write` -->', '<!-- end -->'];

const NOT_INSTALLED = 'not installed, so not tried';

/** `document` with `text` in the place that is written by the campaign. */
export function withText(document: string, text: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the document has no ${BEGIN} and ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${text}\n${document.slice(end)}`;
}

export function clientsTable(reports: readonly ClientReport[]): string {
  const head = ['client', 'version', 'language', 'RESP', 'what works'];
  const rest = ['a refusal is', 'after a restart', 'when a reply is lost', 'what to set'];
  return table(
    [...head, ...rest],
    reports.map((report) => {
      const { client, version, resp } = report;
      const remark = (step: Step) => report.steps[step]?.remark ?? '';
      const own = remark('refusal');
      const isTried = !report.isMissing && Object.keys(report.steps).length > 0;
      return [
        `${client.name} (${client.from})`,
        version,
        client.language,
        String(resp),
        whatWorks(report),
        own === '' ? '' : `\`${own}\``,
        !isTried ? '' : remark('restart') === 'no error' ? 'goes on' : 'an error first',
        !isTried ? '' : remark('cut') === 'sends again' ? '**sends again**' : 'an error',
        client.set,
      ];
    }),
  );
}

export function toolsTable(reports: readonly ToolReport[]): string {
  return table(
    ['tool', 'version', 'what was tried', ''],
    reports.map(({ tool, version, isMissing, fault }) => [
      `${tool.name} (${tool.from})`,
      version,
      tool.mode,
      isMissing ? NOT_INSTALLED : fault === null ? 'works' : '**failed**',
    ]),
  );
}

/** What works of the steps, in words: `all`, or what does not. */
export function whatWorks(report: ClientReport): string {
  const { isMissing, steps, faults } = report;
  if (isMissing) return NOT_INSTALLED;
  const names = (wanted: string) =>
    Object.entries(steps)
      .filter(([, { outcome }]) => outcome === wanted)
      .map(([step]) => step);
  const [failed, absent] = [names('failed'), names('absent')];
  if (isWell(report) && absent.length === 0) return 'all';
  const parts = [
    failed.length > 0 ? `**failed: ${failed.join(', ')}**` : '',
    absent.length > 0 ? `all but ${absent.join(', ')}` : '',
    failed.length === 0 && faults.length > 0 ? '**failed**' : '',
  ];
  return parts.filter(Boolean).join('; ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
