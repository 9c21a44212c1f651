using System.Collections;
using Bioproxy.Abstractions;
using HandlebarsDotNet;
using HandlebarsDotNet.Compiler;
using HandlebarsDotNet.Iterators;
using HandlebarsDotNet.MemberAccessors;
using HandlebarsDotNet.ObjectDescriptors;
using HandlebarsDotNet.PathStructure;

namespace Bioproxy.Handlebars;

/// <summary>The values that templates can access: dictionary entries (the variables, and a partial's arguments). No members of
/// objects by reflection and nothing to loop over, so a template's work is bounded by its length.</summary>
internal sealed class PlainValues : IObjectDescriptorProvider, IMemberAccessor, IIterator
{
    public bool TryGetDescriptor(Type type, out ObjectDescriptor value)
    {
        value = new ObjectDescriptor(type, this, (_, instance) => Keys(instance), _ => this);
        return true;
    }

    public bool TryGetValue(object instance, ChainSegment memberName, out object? value)
    {
        value = null;
        return instance is IDictionary<string, object?> entries && entries.TryGetValue(memberName.TrimmedValue, out value);
    }

    public void Iterate(
        in EncodedTextWriter writer,
        BindingContext context,
        ChainSegment[] blockParamsVariables,
        object input,
        TemplateDelegate template,
        TemplateDelegate ifEmpty) => throw new TemplateException("{{#each}} has nothing to go through: all variables are texts. Use "
            + "{{#if}} to ask whether there is one.");

    private static IEnumerable Keys(object instance) =>
        instance is IDictionary<string, object?> entries ? entries.Keys : Array.Empty<string>();
}
