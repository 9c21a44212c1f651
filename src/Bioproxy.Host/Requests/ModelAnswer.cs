using System.Net;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.Host.Models;

namespace Bioproxy.Host.Requests;

/// <summary>A model's answer on its way to the client: what looks at it, what holds it back, and what edits it.</summary>
internal sealed class ModelAnswer : IDisposable
{
    private readonly PreparedRequest _asked;
    private readonly HttpResponseMessage _response;
    private readonly SlotTurn _turn;
    private readonly CacheResultReporter _reporter;
    private readonly ResponseTap _tap;
    private readonly bool _asksForProgress;

    /// <param name="asked">The request.</param>
    /// <param name="response">The backend's answer; disposed with this.</param>
    /// <param name="turn">The turn under which it is computed.</param>
    /// <param name="reporter">Reports the cache result.</param>
    /// <param name="gate">Holds the answer back until the cache result is known; null for none.</param>
    /// <param name="asksForProgress">The proxy asked for progress events.</param>
    public ModelAnswer(
        PreparedRequest asked,
        HttpResponseMessage response,
        SlotTurn turn,
        CacheResultReporter reporter,
        ResponseGate? gate,
        bool asksForProgress)
    {
        _asked = asked;
        _response = response;
        _turn = turn;
        _reporter = reporter;
        _asksForProgress = asksForProgress;
        _tap = new ResponseTap(keepsHead: asked.Exchange.Route.Prompt == Abstractions.PromptEndpoint.Messages);
        Gate = gate;
    }

    public ResponseGate? Gate { get; }

    public ResponseFilter? Editor { get; private set; }

    /// <summary>Completes when an editing plugin does not return; null where none edits.</summary>
    public Task<Plugins.PluginFailure>? Hung { get; private set; }

    /// <summary>The backend's figures; null when it gave none.</summary>
    public PromptTimings? Timings => _reporter.Timings ?? _reporter.Corrected(_tap.Timings());

    /// <summary>It is an answer, and not compressed.</summary>
    public bool CanBeRead => _response.StatusCode == HttpStatusCode.OK && _response.Content.Headers.ContentEncoding.Count == 0;

    /// <summary>Lets plugins edit it, if they want to and if it can be read.</summary>
    public void EditWith(PluginStage plugins, bool isStream)
    {
        if (!CanBeRead)
            return;
        (Editor, var edits) = plugins.EditorOf(_asked.Prompt, _asked.Responses, isStream);
        Hung = edits?.Hung;
    }

    /// <summary>The first bytes came.</summary>
    public void Begin() => _turn.Started();

    /// <summary>Sees every read.</summary>
    public void Look(ReadOnlyMemory<byte> bytes)
    {
        if (Gate is BufferedResponse)
            _tap.Count(bytes.Length); // its figures are read from the whole
        else
            _tap.Look(bytes.Span);
    }

    /// <summary>A plugin was abandoned that may still be reading the request's body.</summary>
    public void AbandonBody() => _asked.Body.Abandon();

    /// <param name="isComplete">The whole answer was passed on.</param>
    /// <param name="timings">The backend's figures.</param>
    public WorkOutcome Outcome(bool isComplete, PromptTimings? timings)
    {
        // An error computed nothing; an answer that has begun has its whole prompt in the slot.
        var begun = _tap.TotalBytes > 0 ? Gate?.Coverage ?? 1 : 0;
        var coverage = !_response.IsSuccessStatusCode ? 0 : isComplete ? 1 : begun;
        return new WorkOutcome(isComplete, _asksForProgress || (_asked.IsStream && _tap.TotalBytes > 0), timings, coverage);
    }

    public void Dispose()
    {
        Editor?.Dispose();
        Gate?.Dispose();
        _response.Dispose();
    }
}
