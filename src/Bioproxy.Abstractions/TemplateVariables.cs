namespace Bioproxy.Abstractions;

/// <summary>The values that a template is rendered with.</summary>
/// <param name="message">The user's message without the trigger; may be empty.</param>
public sealed class TemplateVariables(string message)
{
    /// <summary>The user's message without the trigger; may be empty.</summary>
    public string Message { get; } = message;

    /// <summary>The request's model; null if it names none. Since contract 1.1.</summary>
    public string? Model { get; init; }

    /// <summary>The request's time, in the local time zone. Since contract 1.1.</summary>
    public DateTimeOffset Time { get; init; }
}
