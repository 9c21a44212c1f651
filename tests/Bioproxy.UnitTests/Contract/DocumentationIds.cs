using System.Reflection;

namespace Bioproxy.UnitTests.Contract;

/// <summary>The names by which the documentation file of an assembly knows its public types and members.</summary>
internal static class DocumentationIds
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Assembly assembly) =>
        assembly.GetExportedTypes().SelectMany(type => type.GetMembers(Declared).Select(Of).OfType<string>().Prepend("T:" + Name(type)));

    private static string? Of(MemberInfo member)
    {
        var name = $"{Name(member.DeclaringType!)}.{member.Name}";
        return member switch
        {
            FieldInfo { IsSpecialName: false } => "F:" + name,
            PropertyInfo property => $"P:{name}{Parameters(property.GetIndexParameters())}",
            EventInfo => "E:" + name,
            ConstructorInfo constructor =>
                $"M:{name.Replace("..ctor", ".#ctor", StringComparison.Ordinal)}{Parameters(constructor.GetParameters())}",
            MethodInfo method when !method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal) =>
                $"M:{name}{(method.IsGenericMethod ? "``" + method.GetGenericArguments().Length : "")}{Parameters(method.GetParameters())}",
            _ => null,
        };
    }

    private static string Parameters(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(parameter => Name(parameter.ParameterType)))})";

    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
            return (type.DeclaringMethod is null ? "`" : "``") + type.GenericParameterPosition;
        if (type.IsByRef)
            return Name(type.GetElementType()!) + "@";
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (!type.IsConstructedGenericType)
            return type.FullName!.Replace('+', '.');
        var name = type.GetGenericTypeDefinition().FullName!.Replace('+', '.');
        return $"{name[..name.IndexOf('`', StringComparison.Ordinal)]}{{{string.Join(',', type.GetGenericArguments().Select(Name))}}}";
    }
}
