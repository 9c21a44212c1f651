namespace Bioproxy.Host.Templates;

/// <summary>The status of one trigger's template.</summary>
/// <param name="Trigger">The trigger, a key of <c>prefixes</c>.</param>
/// <param name="Path">The template's file.</param>
/// <param name="LoadedAt">When the version in use was read; null when there is none.</param>
/// <param name="ContentHash">SHA-256 over the version in use: the template and its includes.</param>
/// <param name="Problem">Why the current files cannot be used; null when they can.</param>
internal sealed record TemplateStatus(string Trigger, string Path, DateTimeOffset? LoadedAt, string? ContentHash, string? Problem)
{
    /// <summary>The current files cannot be used, and an older version is in use.</summary>
    public bool Stale => Problem is not null && LoadedAt is not null;
}
