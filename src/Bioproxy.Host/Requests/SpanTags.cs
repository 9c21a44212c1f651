using System.Diagnostics;
using System.Globalization;
using Bioproxy.Host.Http;

namespace Bioproxy.Host.Requests;

/// <summary>Names and attributes of spans: those of OpenTelemetry's conventions for generative AI, and the proxy's own under
/// <c>bioproxy.</c>. None holds text of a prompt, a key or the value of a header.</summary>
internal static class SpanTags
{
    /// <summary>A client writes what it wants where the model's name should be.</summary>
    private const int LongestName = 200;

    /// <summary>What the conventions call an operation; null where they know none.</summary>
    public static string? OperationOf(Route route) => route.Name switch
    {
        "chat_completions" or "messages" or "responses" => "chat",
        "completions" or "completion" or "infill" => "text_completion",
        "embeddings" => "embeddings",
        _ => null,
    };

    public static string NameOf(RequestStep step) => step switch
    {
        RequestStep.Read => "read",
        RequestStep.Transform => "transform",
        RequestStep.Route => "route",
        RequestStep.Load => "load",
        RequestStep.Queue => "queue",
        RequestStep.Place => "place",
        RequestStep.Prefill => "prefill",
        RequestStep.Forward => "forward",
        RequestStep.Stream => "stream",
        _ => "settle",
    };

    /// <summary>Says on the span of a request what is known of it at its end.</summary>
    /// <param name="span">The span.</param>
    /// <param name="exchange">The request.</param>
    /// <param name="model">The model that it named; null for none.</param>
    public static void Set(Activity span, Exchange exchange, string? model)
    {
        var (progress, timings) = (exchange.Progress, exchange.Timings);
        var asked = model is { Length: > LongestName } ? model[..LongestName] : model;
        var served = progress.Model?.Name;
        if (OperationOf(exchange.Route) is { } operation)
        {
            span.DisplayName = (asked ?? served) is { Length: > 0 } name ? $"{operation} {name}" : operation;
            span.SetTag("gen_ai.operation.name", operation);
            span.SetTag("gen_ai.provider.name", ProviderOf(progress));
            span.SetTag("gen_ai.request.model", asked);
            span.SetTag("gen_ai.response.model", served);
            span.SetTag("gen_ai.conversation.id", progress.Conversation?.ToString());
            span.SetTag("gen_ai.usage.input_tokens", timings?.PromptTokens);
            span.SetTag("gen_ai.usage.cache_read.input_tokens", timings?.CachedTokens);
            span.SetTag("gen_ai.usage.output_tokens", timings?.GeneratedTokens);
        }

        span.SetTag("bioproxy.request.id", exchange.Id);
        span.SetTag("bioproxy.route", exchange.Route.Name);
        if (exchange.Route.IsGated)
        {
            span.SetTag("bioproxy.lane", exchange.LaneName);
            span.SetTag("bioproxy.backend", progress.Model?.Backend.Name);
            span.SetTag("bioproxy.slot", progress.Placement?.Slot);
            span.SetTag("bioproxy.cache.result", progress.CacheResult);
            span.SetTag("bioproxy.trigger", progress.Trigger);
        }

        SetResult(span, exchange);
    }

    private static void SetResult(Activity span, Exchange exchange)
    {
        span.SetTag("http.response.status_code", exchange.Status);
        if (exchange.Failure is { } failure)
            span.SetTag("error.type", failure.Code);
        else if (exchange.Status >= 400)
            span.SetTag("error.type", exchange.Status.ToString(CultureInfo.InvariantCulture));
        if (exchange.Status >= 500 || exchange.Failure is { Kind: not (FailureKind.ClientGone or FailureKind.Cancelled) })
            span.SetStatus(ActivityStatusCode.Error);
    }

    private static string? ProviderOf(RequestProgress progress) => progress.Model?.Current.State.Facts switch
    {
        { IsOllama: true } => "ollama",
        { IsLlamaServer: true } => "llama.cpp",
        _ => null,
    };
}
