using Bioproxy.Abstractions;

namespace Bioproxy.PluginTests.Engines;

/// <summary>A template and its includes without a disk.</summary>
internal sealed class MemoryTemplateSource(string text, params (string Path, string Text)[] files) : ITemplateSource
{
    /// <summary>What was asked for, in this order.</summary>
    public List<string> Included { get; } = [];

    public string Path => "/templates/it";

    public string Text => text;

    public string Include(string path)
    {
        Included.Add(path);
        foreach (var file in files)
        {
            if (file.Path == path)
                return file.Text;
        }

        throw new TemplateException($"the file '{path}' does not exist.");
    }
}
