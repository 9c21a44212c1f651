namespace Bioproxy.Host.Templates;

/// <summary>A prefix's template at one moment: the last good version, and how the newest reading went.</summary>
internal sealed record TemplateEntry(string Prefix, string Path)
{
    public LoadedTemplate? Good { get; init; }

    public TemplateReading? Reading { get; init; }

    /// <summary>Why the newest reading gave no template, with its place; null when it did.</summary>
    public string? Problem { get; init; }

    public TemplateStatus Status => new(Prefix, Path, Good?.LoadedAt, Good?.ContentHash, Problem);
}
