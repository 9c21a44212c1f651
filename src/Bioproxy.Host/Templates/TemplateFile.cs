namespace Bioproxy.Host.Templates;

/// <summary>One file as it was read.</summary>
internal sealed record TemplateFile(string Path, FileStamp Stamp, string Hash, string Text);
