namespace Bioproxy.Handlebars;

/// <summary>What a tag does, as far as includes are concerned.</summary>
internal enum TagKind
{
    /// <summary>Anything else.</summary>
    Other,

    /// <summary>Inserts a partial.</summary>
    Partial,

    /// <summary>Begins a partial that is defined inline in the template.</summary>
    Inline,
}
