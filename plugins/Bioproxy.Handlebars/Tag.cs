namespace Bioproxy.Handlebars;

/// <summary>One tag of a template.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Name">The name of a partial; empty when it is computed, and for other tags.</param>
/// <param name="At">Its position in the text.</param>
/// <param name="Length">Its length up to the closing braces.</param>
internal readonly record struct Tag(TagKind Kind, string Name, int At, int Length);
