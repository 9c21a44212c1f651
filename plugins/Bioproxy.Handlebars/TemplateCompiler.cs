using System.Globalization;
using Bioproxy.Abstractions;
using Bioproxy.Plugins.Shared;
using HandlebarsDotNet;

namespace Bioproxy.Handlebars;

/// <summary>Compiles one template: reads all its partials first, deepest first, so that rendering touches no file.</summary>
/// <remarks>
/// Each template has an environment of its own: partials of different templates may share a name, and everything is freed with the
/// template.
/// </remarks>
internal sealed class TemplateCompiler(ITemplateSource source, Variables variables)
{
    // Far more than templates need; they bound the compiler's recursion and partials that multiply themselves.
    private const int MaxDepth = 16;
    private const int MaxInsertions = 10_000;
    private const int MaxTags = 1_000;
    private const int MaxTagLength = 1_000;
    private const int MaxText = 4 << 20;

    private const string PartialBlock = "@partial-block";

    private readonly IHandlebars _environment = HandlebarsDotNet.Handlebars.Create(NewConfiguration());

    // By name, ignoring case like the library: how many partials one use of a partial inserts, itself included.
    private readonly Dictionary<string, (string Name, long Insertions)> _partials = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _inlines = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _chain = [];
    private long _read;

    public HandlebarsTemplate<TextWriter, object, object> Compile()
    {
        var text = new TemplateText(null, source.Text);
        ReadPartials(text);
        return Compile(text);
    }

    private static HandlebarsConfiguration NewConfiguration()
    {
        var configuration = new HandlebarsConfiguration
        {
            NoEscape = true,
            ThrowOnUnresolvedBindingExpression = true,
            FormatProvider = CultureInfo.InvariantCulture,
            PartialTemplateResolver = new NoFiles(),
            PartialRecursionDepthLimit = MaxDepth,
        };
        configuration.ObjectDescriptorProviders.Add(new PlainValues());
        return configuration;
    }

    private HandlebarsTemplate<TextWriter, object, object> Compile(TemplateText text)
    {
        try
        {
            using var reader = new StringReader(text.Text);
            return _environment.Compile(reader);
        }
        catch (Exception e)
        {
            throw Failure.Of(e, text);
        }
    }

    /// <summary>Reads and compiles the partials of a text.</summary>
    /// <returns>How many partials one rendering of it inserts.</returns>
    private long ReadPartials(TemplateText text)
    {
        _read += text.Text.Length;
        if (_read > MaxText)
            throw text.Error($"the template and its partials have more than {MaxText} characters: shorten them.");
        var tags = TagScanner.Scan(text.Text).ToList();
        if (tags.Count > MaxTags)
            throw text.Error($"more than {MaxTags} tags: split the template into partials.", tags[MaxTags].At);
        _inlines.UnionWith(tags.Where(tag => tag.Kind == TagKind.Inline).Select(tag => tag.Name));

        var insertions = 0L;
        foreach (var tag in tags)
        {
            if (tag.Length > MaxTagLength)
                throw text.Error($"a tag with more than {MaxTagLength} characters: if {{{{ is meant literally, write \\{{{{.", tag.At);
            if (tag.Kind == TagKind.Partial)
                insertions += ReadPartial(text, tag);
            if (insertions > MaxInsertions)
                throw text.Error($"more than {MaxInsertions} partials are inserted, counting each time: insert fewer.", tag.At);
        }

        return insertions;
    }

    private long ReadPartial(TemplateText text, Tag tag)
    {
        if (tag.Name.Length == 0)
            throw text.Error("the name of a partial must stand in the template, as in {{> path/to/file.hbs}}: it cannot be computed, "
                + "because all files are read before a message is known.", tag.At);
        if (tag.Name == PartialBlock || _inlines.Contains(tag.Name))
            return 0;
        if (_chain.Contains(tag.Name))
            throw text.Error("the partials insert each other without an end: "
                + $"{string.Join(" → ", _chain.SkipWhile(name => name != tag.Name))} → {tag.Name}. Take one of them out.", tag.At);
        if (_chain.Count == MaxDepth)
            throw text.Error($"partials within partials more than {MaxDepth} deep: {string.Join(" → ", _chain)} → {tag.Name}.", tag.At);
        if (!_partials.TryGetValue(tag.Name, out var known))
            _partials.Add(tag.Name, known = (tag.Name, ReadNewPartial(text, tag)));
        if (known.Name != tag.Name)
            throw text.Error($"the partials '{known.Name}' and '{tag.Name}' differ only in case, which Handlebars does not tell apart: "
                + "rename one of them.", tag.At);
        return known.Insertions;
    }

    private long ReadNewPartial(TemplateText text, Tag tag)
    {
        var partial = new TemplateText(tag.Name, Include(text, tag));
        _chain.Add(tag.Name);
        var insertions = ReadPartials(partial);
        _chain.RemoveAt(_chain.Count - 1);
        var compiled = Compile(partial);
        _environment.RegisterTemplate(tag.Name, (writer, context, data) =>
        {
            try
            {
                compiled(writer, context, data);
            }
            catch (Exception e)
            {
                throw Failure.Of(e, variables, tag.Name);
            }
        });
        return insertions + 1;
    }

    private string Include(TemplateText text, Tag tag)
    {
        try
        {
            return source.Include(tag.Name);
        }
        catch (TemplateException e)
        {
            throw text.Error($"cannot include '{tag.Name}': {e.Message.TrimEnd('.')}. If {{{{ is meant literally, write \\{{{{.", tag.At);
        }
    }
}
