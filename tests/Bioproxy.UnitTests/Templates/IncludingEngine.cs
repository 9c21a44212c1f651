using Bioproxy.Abstractions;

namespace Bioproxy.UnitTests.Templates;

/// <summary>Lines <c>#include path</c> become that file, <c>#error text</c> and <c>#bug</c> fail; the rest is literal.</summary>
internal sealed class IncludingEngine : ITemplateEngine
{
    public int Parsed { get; private set; }

    public ITemplate Parse(ITemplateSource source)
    {
        Parsed++;
        var lines = source.Text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("#include ", StringComparison.Ordinal))
                lines[i] = source.Include(lines[i]["#include ".Length..]);
            else if (lines[i].StartsWith("#error ", StringComparison.Ordinal))
                throw new TemplateException(lines[i]["#error ".Length..], i + 1, 1);
            else if (lines[i] == "#bug")
                throw new InvalidOperationException("engine bug");
        }

        return new Literal(string.Join('\n', lines));
    }

    private sealed class Literal(string text) : ITemplate
    {
        public string Render(TemplateVariables variables) =>
            variables.Message == "#bug" ? throw new InvalidOperationException("render bug") : $"{text}|{variables.Message}";
    }
}
