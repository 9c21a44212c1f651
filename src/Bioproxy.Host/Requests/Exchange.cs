using System.Collections.ObjectModel;
using System.Globalization;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Routing;
using Bioproxy.Host.Security;
using Bioproxy.Host.Telemetry;

namespace Bioproxy.Host.Requests;

/// <summary>One request on its way.</summary>
/// <param name="answer">Where its answer goes.</param>
/// <param name="route">What the proxy does with its path.</param>
/// <param name="started">The time stamp of its arrival.</param>
internal sealed class Exchange(IAnswerSink answer, Route route, long started)
{
    private static readonly string Run = Guid.NewGuid().ToString("n")[..6];
    private static long _last;

    public IAnswerSink Answer { get; } = answer;

    /// <summary>What the proxy does with it; another one once it has been translated.</summary>
    public Route Route { get; set; } = route;

    /// <summary>The key that it was let in with; null where keys are not checked.</summary>
    public ClientKey? Key { get; init; }

    /// <summary>The time stamp of its arrival.</summary>
    public long Started { get; } = started;

    /// <summary>Unique among the runs of the proxy, short enough for a log line.</summary>
    public string Id { get; } = string.Create(CultureInfo.InvariantCulture, $"{Run}-{Interlocked.Increment(ref _last)}");

    /// <summary>The status of the answer.</summary>
    public int Status { get; set; } = 500;

    public Lane Lane { get; set; }

    /// <summary>The name of its lane, in metrics too.</summary>
    public string LaneName => Lane == Lane.Batch ? "batch" : "interactive";

    /// <summary>Its time in the queue.</summary>
    public TimeSpan Waited { get; set; }

    /// <summary>The client has received the headers of an event stream, and comments only.</summary>
    public bool IsWaitingStream { get; set; }

    /// <summary>The headers of its answer are the backend's, apart from those that the proxy adds.</summary>
    public bool HasBackendHeaders { get; set; }

    /// <summary>Why it failed; null when it did not.</summary>
    public ProxyFailure? Failure { get; set; }

    /// <summary>What the backend reported of the prompt.</summary>
    public PromptTimings? Timings { get; set; }

    /// <summary>Its prompt was computed before it was sent (<see cref="IsolatedPrompt"/>); null for most.</summary>
    public EvaluationResult? Isolated { get; set; }

    /// <summary>It is in the metrics.</summary>
    public bool IsCounted { get; set; }

    /// <summary>The places that could serve it, the best first.</summary>
    public IReadOnlyList<RouteCandidate> Candidates { get; set; } = [];

    /// <summary>The place that serves it; empty where there is only one.</summary>
    public ServingPlace Place { get; private set; }

    /// <summary>What plugins noted about the prompt: how often by rule.</summary>
    public IReadOnlyDictionary<string, int> Rules { get; set; } = ReadOnlyDictionary<string, int>.Empty;

    /// <summary>Its spans; null where nothing is traced.</summary>
    public RequestTrace? Trace { get; set; }

    /// <summary>How far it is, for people.</summary>
    public RequestProgress Progress { get; } = new();

    /// <summary>Records the answer for plugins that look at complete ones; null where none does.</summary>
    public AnswerRecording? Recording { get; set; }

    /// <summary>Says in the headers which place serves it.</summary>
    public void SetPlace(string backend, string model, int attempt)
    {
        Place = new ServingPlace(backend, model);
        Header("X-Bioproxy-Backend", backend);
        Header("X-Bioproxy-Model", model);
        if (attempt > 1)
            Header("X-Bioproxy-Attempts", attempt.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Sets a header of the answer, unless the headers have been sent.</summary>
    public void Header(string name, string value)
    {
        if (!Answer.HasStarted)
            Answer.Headers[name] = value;
    }
}
