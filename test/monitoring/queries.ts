import { parse } from 'yaml';

export interface Rule {
  alert: string;
  expr: string;
}

/** The rules of a PrometheusRule: as a rules file of Prometheus, cut out as docs/metrics.md says, and one by one. */
export function rulesOf(resource: string): { text: string; rules: Rule[] } {
  const text = resource
    .slice(resource.indexOf('\nspec:\n') + '\nspec:\n'.length)
    .split('\n')
    .map((line) => line.replace(/^ {2}/, ''))
    .join('\n');
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  return { text, rules: groups.flatMap(({ rules }) => rules) };
}

interface Panel {
  title: string;
  targets?: { expr: string }[];
}

/** What a dashboard's panels ask for when everything is selected. */
export function dashboardQueries(dashboard: string): { panel: string; query: string }[] {
  const { panels } = JSON.parse(dashboard) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      panel: title,
      query: expr.replaceAll(/\$(namespace|runtime)\b/g, '.*').replaceAll('$__rate_interval', '1m'),
    })),
  );
}

/** Vectors of ours: the name with its labels. */
export function selectorsIn(query: string): string[] {
  return query.match(/warmbox_\w+(?:\{[^}]*\})?/g) ?? [];
}

/** Metrics by the name that they are declared with: a histogram is one. */
export function metricsIn(queries: string[]): Set<string> {
  const names = queries.flatMap(selectorsIn).map((selector) => selector.replace(/\{.*/, ''));
  return new Set(names.map((name) => name.replace(/(_seconds)_(bucket|count|sum)$/, '$1')));
}
