using Bioproxy.Host.Models;

namespace Bioproxy.Host.Requests;

/// <summary>How far a request is, for people. Its own path writes it; the dashboard reads it at any moment, and may see a value that is
/// just about to be replaced.</summary>
internal sealed class RequestProgress
{
    public RequestStage Stage { get; private set; }

    /// <summary>The time stamp at which the stage began.</summary>
    public long StageBegan { get; private set; }

    /// <summary>The client's program, see <see cref="ClientName"/>.</summary>
    public string Client { get; set; } = ClientName.Unknown;

    /// <summary>The trigger of the template that its prompt begins with; null for none.</summary>
    public string? Trigger { get; set; }

    /// <summary>The model that it was sent to last.</summary>
    public ServedModel? Model { get; set; }

    public bool IsStream { get; set; }

    /// <summary>Where it was placed; null while that is open, and where the backend chooses.</summary>
    public Placement? Placement { get; set; }

    /// <summary>The time stamp of the first byte of the answer; 0 before.</summary>
    public long FirstByte { get; set; }

    /// <summary>See <see cref="Placement.Verdict"/>; null before the backend has reported it.</summary>
    public string? CacheResult { get; set; }

    /// <summary>Tokens of the prompt, as far as reported.</summary>
    public int? PromptTokens { get; set; }

    public int? CachedTokens { get; set; }

    /// <summary>The answer on its way; null before it has begun.</summary>
    public ModelAnswer? Answer { get; set; }

    /// <summary>Events of a stream so far: llama-server sends one for each token.</summary>
    public int Events { get; set; }

    /// <summary>Null where it is not known.</summary>
    public ConversationName? Conversation { get; set; }

    /// <summary>An operator has cancelled it.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>The request's next step; several of them are one stage.</summary>
    public void Enter(RequestStep step, long now)
    {
        var stage = StageOf(step) ?? Stage;
        if (stage != Stage || StageBegan == 0)
            (Stage, StageBegan) = (stage, now);
    }

    /// <returns>Null for a step that does not change what is shown.</returns>
    private static RequestStage? StageOf(RequestStep step) => step switch
    {
        RequestStep.Read or RequestStep.Transform or RequestStep.Route => RequestStage.Received,
        RequestStep.Load => RequestStage.Loading,
        RequestStep.Queue => RequestStage.Queued,
        RequestStep.Place => RequestStage.Placing,
        RequestStep.Prefill => RequestStage.Prefill,
        RequestStep.Stream => RequestStage.Generating,
        _ => null,
    };
}
