namespace Bioproxy.Host.Templates;

/// <summary>A trigger's template at one moment: the last good version, and the result of the newest reading.</summary>
internal sealed record TemplateEntry(string Trigger, string Path)
{
    public LoadedTemplate? Good { get; init; }

    public TemplateReading? Reading { get; init; }

    /// <summary>Why the newest reading gave no template, with its place in the file; null when it did.</summary>
    public string? Problem { get; init; }

    /// <summary>The abandoned call, when the newest reading ended because the engine did not return.</summary>
    public HungParse? Hung { get; init; }

    public TemplateStatus Status => new(Trigger, Path, Good?.LoadedAt, Good?.ContentHash, Problem);
}
