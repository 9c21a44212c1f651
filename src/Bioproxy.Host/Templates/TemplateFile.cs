using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Templates;

/// <summary>The contents of one file when it was read.</summary>
internal sealed record TemplateFile(string Path, FileStamp Stamp, string Hash, string Text);
