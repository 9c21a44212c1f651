using System.Collections.Immutable;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>Items that stay registered until their registration is disposed. Reading takes no lock.</summary>
internal sealed class Registrations<T>
{
    private ImmutableList<Registration> _all = [];

    public IEnumerable<T> Items => Volatile.Read(ref _all).Select(static registration => registration.Item);

    public IDisposable Add(T item)
    {
        var registration = new Registration(this, item);
        ImmutableInterlocked.Update(ref _all, static (all, added) => all.Add(added), registration);
        return registration;
    }

    private sealed class Registration(Registrations<T> owner, T item) : IDisposable
    {
        public T Item => item;

        public void Dispose() => ImmutableInterlocked.Update(ref owner._all, static (all, removed) => all.Remove(removed), this);
    }
}
