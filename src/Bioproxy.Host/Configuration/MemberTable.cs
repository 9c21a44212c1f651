using System.Text.Json.Nodes;

namespace Bioproxy.Host.Configuration;

/// <summary>
/// The members of an object inside of a key's value: each is read by its own entry, and an unknown one names the nearest known.
/// </summary>
/// <typeparam name="T">What the members are read into.</typeparam>
internal sealed class MemberTable<T>
{
    private readonly Dictionary<string, Reader> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<JsonObject>> _schemas = new(StringComparer.Ordinal);

    /// <summary>Reads one member; a mistake is reported and leaves the options unchanged.</summary>
    /// <param name="options">The options so far.</param>
    /// <param name="key">The full key, for messages.</param>
    /// <param name="value">The member's value.</param>
    /// <param name="reading">Takes mistakes.</param>
    public delegate T Reader(T options, string key, ConfigurationValue value, ConfigurationReading reading);

    public IEnumerable<string> Names => _members.Keys;

    /// <summary>The schema of an object with these members.</summary>
    public JsonObject Schema(params IEnumerable<string> required) =>
        Schemas.ObjectOf(_schemas.Select(member => KeyValuePair.Create(member.Key, member.Value())), required);

    public MemberTable<T> With(string name, Func<JsonObject> schema, Reader reader)
    {
        _members.Add(name, reader);
        _schemas.Add(name, schema);
        return this;
    }

    public MemberTable<T> With<TValue>(string name, ValueReader<TValue> reader, Func<T, TValue, T> set) =>
        With(name, reader.Schema, (options, key, value, reading) =>
        {
            if (value.Kind.Fits(reader.Kind) && reader.TryRead(value.Content, out var result))
                return set(options, result);
            reading.Reject(key, value, reader.Accepted);
            return options;
        });

    /// <summary>An array of strings, none of them empty.</summary>
    public MemberTable<T> WithTexts(string name, string example, Func<T, IReadOnlyList<string>, T> set) =>
        With(name, static () => Schemas.ArrayOf(Schemas.Text()), (options, key, value, reading) =>
            TextsReader.Read(key, value, example, reading) is { } texts ? set(options, texts) : options);

    /// <summary>A member that may be null, which leaves the options unchanged.</summary>
    public MemberTable<T> WithOptional<TValue>(string name, ValueReader<TValue> reader, Func<T, TValue, T> set)
    {
        With(name, reader with { Accepted = $"{reader.Accepted}, or null" }, set);
        var required = _members[name];
        _schemas[name] = () => Schemas.OrNull(reader.Schema());
        _members[name] = (options, key, value, reading) =>
            value.Kind == ConfigurationValueKind.Null ? options : required(options, key, value, reading);
        return this;
    }

    /// <param name="options">What is not in the object stays as it is here.</param>
    /// <param name="key">The object's key.</param>
    /// <param name="value">An object.</param>
    /// <param name="reading">Takes mistakes.</param>
    public T Read(T options, string key, ConfigurationValue value, ConfigurationReading reading)
    {
        foreach (var (name, member) in value.Members)
        {
            if (_members.TryGetValue(name, out var reader))
                options = reader(options, $"{key}.{name}", member, reading);
            else
                reading.Reject(new ConfigurationError($"{key}.{name}", member.Source, null, $"unknown key; {Hint(name)}"));
        }

        return options;
    }

    private string Hint(string written) => NearestName.Find(written, _members.Keys.ToDictionary(name => name)) is { } nearest
        ? $"did you mean \"{nearest}\"?"
        : $"the keys here are {string.Join(", ", _members.Keys)}";
}
