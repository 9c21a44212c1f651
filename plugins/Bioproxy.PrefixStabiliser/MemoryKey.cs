namespace Bioproxy.PrefixStabiliser;

/// <summary>Where a remembered text comes back.</summary>
/// <param name="Domain">Whose it is: texts of one domain never reach another.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The id of a call, or another name of its place; null where a hash says all.</param>
/// <param name="Hash">A hash of what stands before it.</param>
internal readonly record struct MemoryKey(string? Domain, MemoryKind Kind, string? Name, MemoryHash Hash)
{
    /// <summary>The arguments of a call, by its id.</summary>
    public static MemoryKey Arguments(string? domain, string call) => new(domain, MemoryKind.Arguments, call, default);

    /// <summary>An answer, by what it answers and itself without white space at its edges.</summary>
    public static MemoryKey Answer(string? domain, AnswerPlace place, string text) =>
        new(domain, MemoryKind.Answer, null, place.With(text));

    /// <summary>The reasoning before an answer, by the same.</summary>
    public static MemoryKey Reasoning(string? domain, AnswerPlace place, string text) =>
        new(domain, MemoryKind.Reasoning, null, place.With(text));

    /// <summary>The reasoning before a call, by its id.</summary>
    public static MemoryKey ReasoningOfCall(string? domain, string call) => new(domain, MemoryKind.ReasoningOfCall, call, default);

    /// <summary>What a text was first sent with, by its place.</summary>
    public static MemoryKey Reminder(string? domain, MemoryHash before, string name) => new(domain, MemoryKind.Reminder, name, before);

    /// <summary>A volatile text that is pinned, by conversation, rule and number.</summary>
    public static MemoryKey Pin(string? domain, MemoryHash conversation, string rule, int number) =>
        new(domain, MemoryKind.Pin, $"{rule} {number}", conversation);
}
