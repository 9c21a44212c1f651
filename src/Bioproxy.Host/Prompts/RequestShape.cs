namespace Bioproxy.Host.Prompts;

/// <summary>What a request looks like, apart from its words: what side requests are recognised by.</summary>
internal readonly record struct RequestShape
{
    public int Messages { get; init; }

    /// <summary>Messages that a person, or a program in the person's place, wrote; results of tools are not among them.</summary>
    public int UserTurns { get; init; }

    /// <summary>It holds answers of the model.</summary>
    public bool HasAnswers { get; init; }

    public int Tools { get; init; }

    /// <summary>The most tokens that the answer may have; null when not limited.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The answer has to follow a JSON schema.</summary>
    public bool HasSchema { get; init; }

    /// <summary>Its only user message is a task as Open WebUI writes them.</summary>
    public bool IsTask { get; init; }

    /// <summary>Bytes of canonical text.</summary>
    public int Bytes { get; init; }

    /// <summary>The client says that a sub-agent asks.</summary>
    public bool IsSubAgent { get; init; }

    /// <summary>Its system message is one that side requests of earlier conversations had.</summary>
    public bool HasSideOpening { get; init; }
}
