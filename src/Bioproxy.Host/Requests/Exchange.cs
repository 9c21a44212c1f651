using System.Globalization;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Requests;

/// <summary>One request on its way.</summary>
internal sealed class Exchange(HttpContext http, Route route, long started)
{
    private static readonly string Run = Guid.NewGuid().ToString("n")[..6];
    private static long _last;

    public HttpContext Http { get; } = http;

    public Route Route { get; } = route;

    /// <summary>The time stamp of its arrival.</summary>
    public long Started { get; } = started;

    /// <summary>Unique among the runs of the proxy, short enough for a log line.</summary>
    public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"{Run}-{Interlocked.Increment(ref _last)}");

    /// <summary>What the client was told.</summary>
    public int Status { get; set; } = 500;

    public Lane Lane { get; set; }

    /// <summary>Its lane as people and metrics call it.</summary>
    public string LaneName => Lane == Lane.Batch ? "batch" : "interactive";

    /// <summary>Its time in the queue.</summary>
    public TimeSpan Waited { get; set; }

    /// <summary>The client has the headers of an event stream, and comments only.</summary>
    public bool IsWaitingStream { get; set; }

    /// <summary>A plugin's question: no plugin sees it.</summary>
    public bool IsInner { get; init; }

    /// <summary>What the client was told, or would have been; null when all went well.</summary>
    public ProxyFailure? Failure { get; set; }

    /// <summary>What the backend told of the prompt.</summary>
    public PromptTimings? Timings { get; set; }

    /// <summary>It is in the metrics.</summary>
    public bool IsCounted { get; set; }

    /// <summary>Says something to the client, where headers may still be set.</summary>
    public void Header(string name, string value)
    {
        if (!Http.Response.HasStarted)
            Http.Response.Headers[name] = value;
    }
}
