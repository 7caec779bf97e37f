/**
 * The configurations of docs/high-availability. Those of Patroni and HAProxy are run by the cluster campaign; the Compose
 * file and the Kubernetes manifest are not, so here their form is held against themselves and against the program.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const FOLDER = join(import.meta.dirname, '../docs/high-availability');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const manifest = JSON.parse(
  readFileSync(join(import.meta.dirname, '../oclif.manifest.json'), 'utf8'),
);
const FLAGS_OF_SERVE = Object.keys(manifest.commands.serve.flags);

/** The flags of a command line that `inv serve` does not have. */
function unknownFlags(args: readonly string[]): string[] {
  const names = args.flatMap((arg) => /^--([a-z-]+)(?:=.*)?$/.exec(arg)?.[1] ?? []);
  expect(names).toContain('data');
  return names.filter((name) => !FLAGS_OF_SERVE.includes(name));
}

/** Every host of the documentation that a text names: `db1.example`. */
const hostsIn = (text: string): Set<string> => new Set(text.match(/\b[a-z]+\d?\.example\b/g));

describe('patroni.yml', () => {
  const { bootstrap, postgresql, etcd3, name } = parse(read('patroni.yml'));

  test('nothing is acknowledged before a standby has it, and the times fit into the lease', () => {
    const { ttl, loop_wait, retry_timeout, ...modes } = bootstrap.dcs;
    expect(modes).toMatchObject({
      synchronous_mode: true,
      synchronous_mode_strict: true,
      failsafe_mode: true,
    });
    expect(loop_wait + 2 * retry_timeout).toBeLessThanOrEqual(ttl);
    // Newer versions of Patroni take no less.
    expect(ttl).toBeGreaterThanOrEqual(20);
    expect(bootstrap.dcs.postgresql.parameters.synchronous_commit).toBe('on');
  });

  test('it names three etcd, and itself', () => {
    expect(new Set(etcd3.hosts).size).toBe(3);
    expect(postgresql.connect_address).toBe(`${name}.example:5432`);
  });
});

test.each([
  ['haproxy-postgres.cfg', 'OPTIONS /primary', 3],
  ['haproxy-inv.cfg', 'store_available:1', 2],
])('%s asks each server, and cuts off who is down', (file, asked, servers) => {
  const text = read(file);
  expect(text).toContain(asked);
  expect(text).toContain('on-marked-down shutdown-sessions');
  expect(text.match(/^ +server \w+ \w+\.example:\d+ check/gm)).toHaveLength(servers);
});

describe('compose.yml', () => {
  const { services, volumes } = parse(read('compose.yml'), { merge: true });
  const all = Object.entries<Record<string, unknown>>(services);

  test('every service is built, and starts after services that there are', () => {
    expect(all.length).toBe(9);
    for (const [name, { build, command, depends_on = [], hostname }] of all) {
      expect(build, name).toHaveProperty('dockerfile_inline');
      expect(Array.isArray(command), name).toBe(true);
      expect(hostname).toBe(`${name}.example`);
      expect(Object.keys(services)).toEqual(expect.arrayContaining(depends_on as string[]));
    }
  });

  test('every host that a configuration names is a service', () => {
    const files = ['patroni.yml', 'haproxy-postgres.cfg', 'haproxy-inv.cfg', 'compose.yml'];
    const hosts = all.map(([, { hostname }]) => hostname);
    for (const host of hostsIn(files.map(read).join('\n'))) expect(hosts).toContain(host);
  });

  test('every volume is declared, and every file that is mounted is there', () => {
    const mounts = all.flatMap(([, one]) => (one.volumes ?? []) as string[]);
    for (const [source = ''] of mounts.map((mount) => mount.split(':'))) {
      if (!source.startsWith('./')) expect(Object.keys(volumes)).toContain(source);
      // Made by `inv serve users`.
      else if (source !== './users.json')
        expect(existsSync(join(FOLDER, source)), source).toBe(true);
    }
  });

  test('inv serve has every flag', () => {
    for (const name of ['inv1', 'inv2']) expect(unknownFlags(services[name].command)).toEqual([]);
  });
});

describe('kubernetes.yml', () => {
  const documents = parseAllDocuments(read('kubernetes.yml'));
  // biome-ignore lint/suspicious/noExplicitAny: manifests of every shape
  const manifests = documents.map((document) => document.toJS() as any);
  const [cluster, deployment, service, budget] = manifests;
  const { template } = deployment.spec;
  const [container] = template.spec.containers;

  test('it is what it says it is', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    expect(manifests.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      'postgresql.cnpg.io/v1 Cluster',
      'apps/v1 Deployment',
      'v1 Service',
      'policy/v1 PodDisruptionBudget',
    ]);
  });

  test('the database acknowledges nothing that only one instance has', () => {
    expect(cluster.spec.instances).toBeGreaterThanOrEqual(3);
    expect(cluster.spec.postgresql.synchronous).toEqual({
      method: 'any',
      number: 1,
      dataDurability: 'required',
    });
  });

  test('selectors, ports, volumes and secrets belong together', () => {
    const { labels } = template.metadata;
    for (const { spec } of [deployment, budget]) expect(spec.selector.matchLabels).toEqual(labels);
    expect(service.spec.selector).toEqual(labels);
    const ports = container.ports.map((port: { name: string }) => port.name);
    expect(ports).toContain(service.spec.ports[0].targetPort);
    const { readinessProbe, livenessProbe, startupProbe } = container;
    expect(readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    for (const { httpGet } of [livenessProbe, startupProbe]) {
      expect(httpGet).toEqual({ path: '/healthz', port: 'http' });
    }
    // A server that waits for its database does not listen yet.
    const waits = Number(/--wait=(\d+)/.exec(container.args.join(' '))?.[1]);
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThan(waits);
    expect(ports).toContain('http');
    const volumes = template.spec.volumes.map((volume: { name: string }) => volume.name);
    expect(container.volumeMounts.map((mount: { name: string }) => mount.name)).toEqual(volumes);
    // CloudNativePG makes both from the name of the cluster.
    expect(container.env[0].valueFrom.secretKeyRef.name).toBe(`${cluster.metadata.name}-app`);
    expect(container.args.join()).toContain(`@${cluster.metadata.name}-rw/`);
  });

  test('inv serve has every flag', () => {
    expect(unknownFlags(container.args)).toEqual([]);
  });
});
