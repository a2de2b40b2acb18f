/** One piece of work that may be seen in a trace: a request, a service call, a delivery, a run. */
export interface Tracing {
  /** `parent` is a W3C traceparent from outside; without it the work belongs to whatever runs around it. */
  span<T>(
    name: string,
    attributes: Readonly<Record<string, string>>,
    work: () => Promise<T>,
    parent?: string,
  ): Promise<T>;
  stop(): Promise<void>;
}

/** Sends traces to an OpenTelemetry collector, over OTLP. Loaded only where an endpoint is configured. */
export async function openTracing(endpoint: string): Promise<Tracing> {
  const [
    api,
    sdk,
    { OTLPTraceExporter },
    { AsyncLocalStorageContextManager },
    { resourceFromAttributes },
    { W3CTraceContextPropagator },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/context-async-hooks'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core'),
  ]);
  const contexts = new AsyncLocalStorageContextManager().enable();
  // Global by nature: how the api finds the running span. A second kernel in one process shares it.
  api.context.setGlobalContextManager(contexts);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'plinth' }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('plinth');
  const propagator = new W3CTraceContextPropagator();

  return {
    span(name, attributes, work, parent) {
      const around =
        parent === undefined
          ? api.context.active()
          : propagator.extract(api.ROOT_CONTEXT, { traceparent: parent }, api.defaultTextMapGetter);
      const span = tracer.startSpan(name, { attributes }, around);
      return api.context.with(api.trace.setSpan(around, span), async () => {
        try {
          return await work();
        } catch (error) {
          span.setStatus({
            code: api.SpanStatusCode.ERROR,
            message: error instanceof Error ? error.message : String(error),
          });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    async stop() {
      await provider.shutdown();
      contexts.disable();
    },
  };
}
