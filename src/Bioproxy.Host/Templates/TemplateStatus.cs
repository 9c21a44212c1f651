namespace Bioproxy.Host.Templates;

/// <summary>What a person needs to know about one prefix's template.</summary>
/// <param name="Prefix">The configured prefix.</param>
/// <param name="Path">The template's file.</param>
/// <param name="LoadedAt">When the version in use was read; null when none ever was.</param>
/// <param name="ContentHash">SHA-256 over the version in use, the template and its includes.</param>
/// <param name="Problem">Why the files as they are now cannot be used; null when they can.</param>
internal sealed record TemplateStatus(string Prefix, string Path, DateTimeOffset? LoadedAt, string? ContentHash, string? Problem)
{
    /// <summary>The files have changed into something unusable, and an older version is in use.</summary>
    public bool Stale => Problem is not null && LoadedAt is not null;
}
