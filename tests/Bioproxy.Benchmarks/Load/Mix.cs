namespace Bioproxy.Benchmarks.Load;

/// <summary>What the clients of a run send.</summary>
internal enum Mix
{
    /// <summary>All clients send the same conversation, again and again.</summary>
    Shared,

    /// <summary>
    /// Each client has a conversation of its own, which grows by a turn with every request, and starts over after seven turns.
    /// </summary>
    Growing,

    /// <summary>Every request is the first of a new conversation.</summary>
    New,

    /// <summary>Like <see cref="Growing"/>, streamed.</summary>
    Streamed,

    /// <summary>Every request is a trigger with a new question.</summary>
    Templated,
}
