using System.Diagnostics;
using Bioproxy.Host.Http;
using Bioproxy.Host.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>The spans of a request: one for all of it, and within it one for each step, which lasts until the next one begins. There is
/// none where nobody listens.</summary>
internal sealed class RequestTrace
{
    private readonly ActivitySource _source;
    private readonly Activity _request;
    private readonly ActivityContext _parent;
    private Activity? _step;
    private RequestStep _current;
    private DateTime? _answered;
    private volatile bool _isOver;

    private RequestTrace(ActivitySource source, Activity request)
    {
        _source = source;
        _request = request;
        _parent = request.Context;
    }

    /// <summary>The model that the request names; null for none.</summary>
    public string? Model { get; set; }

    /// <summary>The innermost span now.</summary>
    public Activity Span => _step ?? _request;

    /// <summary>Begins the span of a request, as part of the span that its sender names. A question of a plugin is part of the request on
    /// whose behalf it is asked.</summary>
    /// <returns>Null where nothing is traced.</returns>
    public static RequestTrace? Begin(RequestTracing tracing, Exchange exchange, IHeaderDictionary headers)
    {
        var source = tracing.Source;
        if (!source.HasListeners() || exchange.Route.Name == "health") // who asks that asks often
            return null;
        var name = SpanTags.OperationOf(exchange.Route) ?? exchange.Route.Name;
        var request = Activity.Current?.Source == source
            ? source.StartActivity(name)
            : source.StartActivity(name, ActivityKind.Server, TraceHeaders.Read(headers));
        return request is null ? null : new RequestTrace(source, request);
    }

    /// <summary>Ends the span of the step before, and begins the next one.</summary>
    public void Enter(RequestStep step)
    {
        if (!_request.IsAllDataRequested || _isOver || step == _current)
            return;
        _current = step;
        var next = _source.StartActivity(SpanTags.NameOf(step), ActivityKind.Internal, _parent);
        End(Interlocked.Exchange(ref _step, next), next?.StartTimeUtc);
        if (_isOver)
            End(Interlocked.Exchange(ref _step, null), null); // an abandoned plugin's thread came late
        Activity.Current = _request; // log lines are the request's, whatever thread writes them
    }

    /// <summary>The client has its answer; what follows does not count as the request's time.</summary>
    /// <param name="now">The time.</param>
    public void Answered(DateTime now) => _answered = now;

    /// <summary>Ends all spans.</summary>
    public void End(Exchange exchange)
    {
        _isOver = true;
        End(Interlocked.Exchange(ref _step, null), null);
        if (_request.IsAllDataRequested)
            SpanTags.Set(_request, exchange, Model);
        End(_request, _answered);
    }

    private static void End(Activity? span, DateTime? at)
    {
        if (at is { } time)
            span?.SetEndTime(time);
        span?.Stop();
    }
}
