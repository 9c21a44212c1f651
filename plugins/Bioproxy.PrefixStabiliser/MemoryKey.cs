namespace Bioproxy.PrefixStabiliser;

/// <summary>Where a remembered text comes back.</summary>
/// <param name="Domain">Whose it is: texts of one domain never reach another.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Place">The id of a call, or a hash of what stands before it.</param>
internal readonly record struct MemoryKey(string? Domain, string Kind, string Place)
{
    /// <summary>The arguments of a call, by its id.</summary>
    public static MemoryKey Arguments(string? domain, string call) => new(domain, "arguments", call);

    /// <summary>An answer, by what it answers and itself without white space at its edges.</summary>
    public static MemoryKey Answer(string? domain, AnswerPlace place, string text) => new(domain, "answer", place.With(text));

    /// <summary>The reasoning before an answer, by the same.</summary>
    public static MemoryKey Reasoning(string? domain, AnswerPlace place, string text) => new(domain, "reasoning", place.With(text));

    /// <summary>The reasoning before a call, by its id.</summary>
    public static MemoryKey ReasoningOfCall(string? domain, string call) => new(domain, "reasoning of call", call);

    /// <summary>What a text was first sent with, by its place.</summary>
    public static MemoryKey Reminder(string? domain, string place) => new(domain, "reminder", place);

    /// <summary>A volatile text that is pinned, by conversation and rule.</summary>
    public static MemoryKey Pin(string? domain, string conversation, string rule, int number) =>
        new(domain, "pin " + rule, $"{conversation} {number}");
}
