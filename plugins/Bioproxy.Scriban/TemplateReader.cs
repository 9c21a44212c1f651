using Bioproxy.Abstractions;
using Bioproxy.Plugins.Shared;
using Scriban;
using Scriban.Parsing;

namespace Bioproxy.Scriban;

/// <summary>
/// Parses a template and all it includes, so that rendering touches no file. The library itself would read an include when it comes to it.
/// </summary>
internal sealed class TemplateReader(ITemplateSource source, Variables variables)
{
    private const int MaxDepth = 16;
    private const int MaxText = 4 << 20;

    /// <summary>More than any number has that a template computes with.</summary>
    private const int MaxDigits = 100;
    private const int MaxExponentDigits = 3;

    private readonly Failure _failure = new(source.Path);
    private readonly Dictionary<string, Template> _includes = new(StringComparer.Ordinal);
    private readonly List<string> _chain = [];
    private long _read;

    /// <summary>All that was included, by the name as written.</summary>
    public IReadOnlyDictionary<string, Template> Includes => _includes;

    public Template Read() => Parse(source.Path, source.Text);

    private Template Parse(string name, string text)
    {
        _read += text.Length;
        if (_read > MaxText)
            throw new TemplateException($"the template and its includes have more than {MaxText} characters: shorten them.");
        CheckNumbers(name, text);
        var template = Template.Parse(text, name);
        if (template.Messages.FirstOrDefault(message => message.Type == ParserMessageType.Error) is { } error)
            throw _failure.At(error.Span, error.Message);
        var names = new NameChecker(variables, _failure);
        names.Visit(template.Page);
        foreach (var (include, span) in names.Includes)
            Include(include, span);
        return template;
    }

    /// <summary>The library computes a number with all its digits while it parses: <c>1e9999999</c> takes it most of an hour.</summary>
    private void CheckNumbers(string name, string text)
    {
        foreach (var token in new Lexer(text, name))
        {
            if (token.Type is not (TokenType.Integer or TokenType.HexaInteger or TokenType.BinaryInteger or TokenType.Float))
                continue;
            var digits = text.AsSpan(token.Start.Offset..(token.End.Offset + 1));
            var exponent = token.Type is TokenType.HexaInteger ? default : digits[(digits.IndexOfAny('e', 'E') + 1)..];
            if (digits.Length > MaxDigits || (exponent.Length < digits.Length && exponent.TrimStart("+-0").Length > MaxExponentDigits))
                throw _failure.At(new SourceSpan(name, token.Start, token.End), "the number is too large: shorten it.");
        }
    }

    private void Include(string name, SourceSpan span)
    {
        if (_chain.Contains(name))
            throw _failure.At(span, "the templates include each other without an end: "
                + $"{string.Join(" → ", _chain.SkipWhile(link => link != name))} → {name}. Take one of the includes out.");
        if (_chain.Count == MaxDepth)
            throw _failure.At(span, $"includes within includes more than {MaxDepth} deep: {string.Join(" → ", _chain)} → {name}.");
        if (_includes.ContainsKey(name))
            return;
        var text = Text(name, span);
        _chain.Add(name);
        _includes.Add(name, Parse(name, text));
        _chain.RemoveAt(_chain.Count - 1);
    }

    private string Text(string name, SourceSpan span)
    {
        try
        {
            return source.Include(name);
        }
        catch (TemplateException e)
        {
            throw _failure.At(span, $"cannot include '{name}': {e.Message.TrimEnd('.')}.");
        }
    }
}
