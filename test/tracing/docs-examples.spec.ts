import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledPackage } from '../support/child-app.js';
import { useCleanup } from '../support/cleanup.js';
import { DocsExample, faultsOf } from '../support/docs-example.js';

const DOCUMENT = 'docs/observability.md';

/** A span, as the programs below print it. */
interface PrintedSpan {
  readonly name: string;
  readonly id: string;
  readonly trace: string;
  readonly parent?: string;
  readonly status: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const WITH_THE_SDK = `
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { LimeSandbox } from 'nestjs-lime-sites/testing';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const contexts = new AsyncLocalStorageContextManager();
provider.register({ contextManager: contexts });
traceLime(contexts);

const lime = await LimeSandbox.start();
const app = await createApp(lime.moduleOptions());
const site = app.get(LimeSiteService);
let handled = 0;
async function onLogin({ requestId, claims }) {
  trace.getActiveSpan().setAttribute('agent', claims.agent_id);
  await new Promise((resolve) => setTimeout(resolve, 20));
  trace.getTracer('shop').startSpan('insert ' + requestId).end();
  handled++;
}
site.onLogin(onLogin);
const caller = trace.getTracer('shop').startSpan('POST /login');
const requests = await context.with(trace.setSpan(context.active(), caller), () =>
  Promise.all([site.createLoginRequest(), site.createLoginRequest(), site.createLoginRequest()]));
caller.end();
await Promise.all(requests.map(({ requestId }, index) =>
  lime.approve(requestId, index === 2 ? { aud: 'lime-binding' } : { sub: 'agent-' + index })));
while (handled < 2 || site.stats.rejected < 1) await new Promise((resolve) => setTimeout(resolve, 5));
await app.close();
await lime.stop();
const spans = exporter.getFinishedSpans().map((span) => ({
  name: span.name,
  id: span.spanContext().spanId,
  trace: span.spanContext().traceId,
  parent: span.parentSpanContext?.spanId,
  status: span.status.code,
  attributes: span.attributes,
}));
say(JSON.stringify({ spans, requestIds: requests.map(({ requestId }) => requestId) }));
`;

const WITH_PROM_CLIENT = `
import { Registry } from 'prom-client';
import { LimeSandbox } from 'nestjs-lime-sites/testing';

const lime = await LimeSandbox.start();
const app = await createApp(lime.moduleOptions());
const site = app.get(LimeSiteService);
const register = new Registry();
measureLime(site, register);
site.onLogin(() => undefined);
for (const end of ['approve', 'approve', 'expire']) {
  const { requestId } = await site.createLoginRequest();
  await lime[end](requestId);
}
while (site.stats.delivered < 3) await new Promise((resolve) => setTimeout(resolve, 5));
const open = await register.metrics();
await app.close();
const closed = await register.metrics();
await lime.stop();
say(JSON.stringify({ open, closed }));
`;

describe('The examples of docs/observability.md', () => {
  let compiled: CompiledPackage;
  const closeLater = useCleanup();

  beforeAll(async () => {
    compiled = await CompiledPackage.create();
  });

  afterAll(() => compiled.remove());

  /** Runs the code of the document and a program that uses it in their own process. */
  async function outputOf(name: string, program: string): Promise<string> {
    const example = await DocsExample.read(DOCUMENT, name);
    const child = await compiled.run((await example.toJavaScript()) + program);
    closeLater(() => child.kill('SIGKILL'));
    expect(await child.closed).toBe(0);
    return child.lines.at(-1) ?? '';
  }

  it('compile', async () => {
    const names = ['lime-tracing.ts', 'lime-metrics.ts'];
    const examples = await Promise.all(names.map((name) => DocsExample.read(DOCUMENT, name)));
    expect(faultsOf(examples)).toEqual({ 'lime-tracing.ts': [], 'lime-metrics.ts': [] });
  });

  it('make spans of logins with the SDK of OpenTelemetry, each in its own trace', async () => {
    const output = await outputOf('lime-tracing.ts', WITH_THE_SDK);
    const { spans, requestIds } = JSON.parse(output) as {
      spans: PrintedSpan[];
      requestIds: string[];
    };
    const named = (name: string) => spans.filter((span) => span.name === name);
    const one = (name: string, id: string | undefined) =>
      named(name).find(({ attributes }) => attributes['lime.requestId'] === id);

    for (const [index, requestId] of requestIds.slice(0, 2).entries()) {
      const login = one('lime.login', requestId);
      const handler = one('lime.handler', requestId);
      const [insert] = named(`insert ${requestId}`);
      expect(login).toMatchObject({ status: 0, attributes: { 'lime.result': 'handled' } });
      expect(login?.parent).toBeUndefined();
      expect(handler).toMatchObject({
        parent: login?.id,
        trace: login?.trace,
        attributes: { 'lime.handler': 'onLogin', agent: `agent-${index}` },
      });
      expect(insert).toMatchObject({ parent: handler?.id, trace: login?.trace });
      expect(named('lime.verify').filter(({ parent }) => parent === login?.id)).toHaveLength(1);
    }
    const rejected = one('lime.login', requestIds[2]);
    expect(rejected).toMatchObject({ status: 2, attributes: { 'lime.result': 'rejected' } });
    expect(new Set(named('lime.login').map(({ trace }) => trace)).size).toBe(3);

    const [caller] = named('POST /login');
    const calls = named('lime.http').filter(({ parent }) => parent === caller?.id);
    expect(calls).toHaveLength(3);
    expect(calls[0]?.attributes).toEqual({
      'lime.site': 'default',
      'lime.method': 'POST',
      'lime.route': '/modules/agent-login/requests',
      'lime.attempt': 1,
      'lime.status': 201,
    });
  });

  it('make metrics with prom-client', async () => {
    const output = await outputOf('lime-metrics.ts', WITH_PROM_CLIENT);
    const { open, closed } = JSON.parse(output) as { open: string; closed: string };
    expect(open).toContain('# TYPE lime_logins_total counter');
    expect(open).toContain('lime_logins_total{event="received"} 3');
    expect(open).toContain('lime_logins_total{event="delivered"} 3');
    expect(open).toContain('lime_logins_total{event="rejected"} 0');
    expect(open).toContain('lime_stream_open 1');
    expect(closed).toContain('lime_stream_open 0');
    const counted = 'lime_login_seconds_count{site="default",type="approved",result="handled"} 2';
    expect(open).toContain(counted);
    expect(open).not.toMatch(/lr_|agent/);
  });
});
